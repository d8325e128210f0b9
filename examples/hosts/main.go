// Command hosts runs compiled fewbit models on wazero, a wasm runtime in Go.
//
//	go run . classify fewbit.simd.wasm model.fewbit pixels.bin
//	go run . generate fewbit.simd.wasm model.fewbit 64 678 28 201 791 223
//	go run . sample fewbit.simd.wasm stories260k.fewbit 0.8 7 64 403 407 261 378
//	go run . embed fewbit.simd.wasm model.fewbit 101 7592 2088 102
package main

import (
	"context"
	"encoding/binary"
	"log"
	"math"
	"os"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// command is an example: what it takes behind the wasm and the model, and what it does.
type command struct {
	name      string
	usage     string
	arguments int // at least
	run       func(module api.Module, model []byte, arguments []string)
}

var commands = []command{
	{"classify", "PIXELS_FILE", 1, classify},
	{"generate", "COUNT ID...", 2, generate},
	{"sample", "TEMPERATURE SEED COUNT ID...", 4, sample},
	{"embed", "ID...", 1, embed},
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

// chosen is the command that the first argument names; ends the process where there is none.
func chosen() command {
	for _, command := range commands {
		if len(os.Args) >= 4+command.arguments && os.Args[1] == command.name {
			return command
		}
	}
	for _, command := range commands {
		log.Printf("go run . %s WASM MODEL %s", command.name, command.usage)
	}
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
