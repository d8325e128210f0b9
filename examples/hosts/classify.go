// Command classify runs a compiled image classifier on wazero, a wasm runtime in Go.
//
//	go run . fewbit.simd.wasm model.fewbit pixels.bin
//
// pixels.bin holds height x width x channels bytes, as the model takes them. Prints the best class and
// the SHA-256 of the logits' bytes, which is the same on every host. The exports are documented in
// wasm/fewbit.h.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log"
	"math"
	"os"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

const (
	page       = 65536
	headOffset = 256
	tensor     = 1
	entry      = 2
)

// program is a program in the memory of a wasm instance, with one instance of it.
type program struct {
	module         api.Module
	model, context uint32
	names          uint32
}

func (p *program) call(name string, arguments ...uint64) uint32 {
	results, err := p.module.ExportedFunction(name).Call(context.Background(), arguments...)
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	if len(results) == 0 {
		return 0
	}
	return uint32(results[0])
}

func (p *program) check(name string, arguments ...uint64) uint32 {
	status := int32(p.call(name, arguments...))
	if status < 0 {
		log.Fatalf("%s: verdict %d, see wasm/fewbit.h", name, -status)
	}
	return uint32(status)
}

func (p *program) reserve(end uint32) {
	if size := p.module.Memory().Size(); end > size {
		p.module.Memory().Grow((end - size + page - 1) / page)
	}
}

func (p *program) find(kind uint64, name string) uint64 {
	p.module.Memory().Write(p.names, []byte(name))
	return uint64(p.check("find", uint64(p.model), kind, uint64(p.names), uint64(len(name))))
}

func load(module api.Module, file []byte) *program {
	p := &program{module: module}
	head := binary.LittleEndian.Uint32(file[8:])
	p.model = p.call("heap_base")
	p.reserve(p.model + p.call("model_size", uint64(head)))
	module.Memory().Write(p.model+headOffset, file[:head])
	p.check("model_load", uint64(p.model), uint64(head))
	p.check("model_plan", uint64(p.model), 0xFFFF0000, api.EncodeF64(math.Exp2(45)))
	p.context = p.call("model_end", uint64(p.model))
	p.names = p.context + p.call("instance_size", uint64(p.model))
	p.reserve(p.names + 256)
	at := head
	for segment := uint64(0); segment < 3; segment++ {
		size := p.call("segment_bytes", uint64(p.model), segment)
		address := p.call("segment_address", uint64(p.model), segment)
		module.Memory().Write(address, file[at:at+size])
		at += size
	}
	p.pushTrits(file[at:])
	p.check("model_ready", uint64(p.model))
	p.check("instance_init", uint64(p.model), uint64(p.context))
	return p
}

// pushTrits hands ternary weights over through a buffer, from which the module decodes them.
func (p *program) pushTrits(stored []byte) {
	address := p.call("trits_address", uint64(p.model))
	capacity := p.call("trits_capacity", uint64(p.model))
	missing := p.call("trits_bytes", uint64(p.model))
	for missing > 0 {
		size := min(missing, capacity)
		p.module.Memory().Write(address, stored[:size])
		p.check("trits_push", uint64(p.model), uint64(size))
		stored = stored[size:]
		missing -= size
	}
}

func (p *program) run(name, input string, data []byte, output string) []byte {
	index := p.find(entry, name)
	ctx := uint64(p.context)
	p.module.Memory().Write(p.call("tensor_address", ctx, p.find(tensor, input)), data)
	p.check("begin", ctx, index)
	p.check("run", ctx, index, 0, math.MaxInt32)
	result := p.find(tensor, output)
	bytes, _ := p.module.Memory().Read(p.call("tensor_address", ctx, result), p.call("tensor_bytes", ctx, result))
	return bytes
}

func read(path string) []byte {
	bytes, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return bytes
}

func main() {
	ctx := context.Background()
	runtime := wazero.NewRuntime(ctx)
	defer runtime.Close(ctx)
	module, err := runtime.Instantiate(ctx, read(os.Args[1]))
	if err != nil {
		log.Fatal(err)
	}
	logits := load(module, read(os.Args[2])).run("main", "pixels", read(os.Args[3]), "logits")
	best, most := 0, float32(math.Inf(-1))
	for i := 0; i < len(logits)/4; i++ {
		value := math.Float32frombits(binary.LittleEndian.Uint32(logits[4*i:]))
		if value > most {
			best, most = i, value
		}
	}
	fmt.Println("class", best)
	fmt.Printf("logits_f32_sha256 %x\n", sha256.Sum256(logits))
}
