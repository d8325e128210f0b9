// Command hosts runs compiled fewbit models on wazero, a wasm runtime in Go. See usage.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"log"
	"math"
	"os"
	"slices"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

const usage = `Runs compiled fewbit models on wazero.

  go run . classify WASM MODEL PIXELS_FILE
  go run . generate WASM MODEL COUNT ID...
  go run . sample WASM MODEL TEMPERATURE SEED COUNT ID...
  go run . embed WASM MODEL ID...
  go run . train WASM PROGRAM IMAGES LABELS STEPS [WEIGHTS]

classify prints the best class and the SHA-256 of the logits; PIXELS_FILE holds height x width x channels
bytes, as the model takes them, and pixels.py makes it of a PNG. generate prints COUNT ids that follow those
given, always the one of the largest logit; sample draws them, with a seed. embed prints the
embedding of a tokenised text. train teaches the network of training_program.ts pictures and labels in MNIST's
format, with fewbit.train.wasm.

  python3 pixels.py ../fashion/000-ankle-boot.png pixels.bin
  go run . classify ../../wasm/fewbit.simd.wasm ../../models/vit-fashion-mnist.fewbit pixels.bin`

// command is an example: how many arguments it takes behind the wasm and the model, and what it does.
type command struct {
	name      string
	arguments int // at least
	run       func(module api.Module, model []byte, arguments []string)
}

var commands = []command{
	{"classify", 1, classify},
	{"generate", 2, generate},
	{"sample", 4, sample},
	{"embed", 1, embed},
	{"train", 3, train},
}

func main() {
	log.SetFlags(0)
	command := chosen()
	ctx := context.Background()
	runtime := wazero.NewRuntime(ctx)
	defer runtime.Close(ctx)
	module, err := runtime.Instantiate(ctx, read(os.Args[2]))
	if err != nil {
		log.Fatal(err)
	}
	command.run(module, read(os.Args[3]), os.Args[4:])
}

// chosen is the command that the first argument names; shows what there is where it names none.
func chosen() command {
	if slices.Contains(os.Args, "--help") {
		fmt.Println(usage)
		os.Exit(0)
	}
	for _, command := range commands {
		if len(os.Args) >= 4+command.arguments && os.Args[1] == command.name {
			return command
		}
	}
	fmt.Println(usage)
	os.Exit(2)
	return command{}
}

func read(path string) []byte {
	bytes, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return bytes
}

// largest is the place of the largest float32; of equal ones, the first.
func largest(values []byte) int {
	best, most := 0, float32(math.Inf(-1))
	for i := 0; i < len(values)/4; i++ {
		if value := math.Float32frombits(binary.LittleEndian.Uint32(values[4*i:])); value > most {
			best, most = i, value
		}
	}
	return best
}
