package main

import (
	"context"
	"encoding/binary"
	"log"
	"math"

	"github.com/tetratelabs/wazero/api"
)

const (
	page       = 65536
	headOffset = 256
)

// Kinds of names.
const (
	symbol = iota
	tensor
	entry
)

// sizes are values of symbols by their names.
type sizes map[string]int

// program is a program in the memory of a wasm instance, with one instance of it. The exports that it
// calls, and their order, are documented in wasm/fewbit.h. What fails ends the process.
type program struct {
	module         api.Module
	model, context uint32
	names          uint32
}

// load loads a model; the symbols are the sizes that it has memory for, where not the defaults.
func load(module api.Module, file []byte, symbols sizes) *program {
	p := &program{module: module}
	if len(file) < 64 || string(file[:4]) != "FEWB" {
		log.Fatal("the model is no fewbit file")
	}
	head, others := binary.LittleEndian.Uint32(file[8:]), binary.LittleEndian.Uint64(file[12:])
	if int(head) > len(file) || others > uint64(len(file)-int(head)) {
		log.Fatalf("the model is cut off: %d bytes, %d and %d expected", len(file), head, others)
	}
	p.model = p.call("heap_base")
	// Names that are looked up lie behind the model, and then behind its instance.
	p.names = p.model + p.call("model_size", uint64(head))
	p.reserve(p.names + page)
	p.write(p.model+headOffset, file[:head])
	p.check("model_load", uint64(p.model), uint64(head))
	for name, value := range symbols {
		p.check("model_symbol", uint64(p.model), p.find(symbol, name), uint64(value))
	}
	p.check("model_plan", uint64(p.model), 0xFFFF0000, api.EncodeF64(math.Exp2(45)))
	p.context = p.call("model_end", uint64(p.model))
	p.names = p.context + p.call("instance_size", uint64(p.model))
	p.reserve(p.names + page)
	at := head
	for segment := uint64(0); segment < 3; segment++ {
		size := p.call("segment_bytes", uint64(p.model), segment)
		p.write(p.call("segment_address", uint64(p.model), segment), file[at:at+size])
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
		p.write(address, stored[:size])
		p.check("trits_push", uint64(p.model), uint64(size))
		stored = stored[size:]
		missing -= size
	}
}

// run runs an entry; the symbols are the sizes of this run, which later runs keep. The result is a view
// of the memory, valid until the next run.
func (p *program) run(name string, inputs map[string][]byte, output string, symbols sizes) []byte {
	ctx, index := uint64(p.context), p.find(entry, name)
	for name, value := range symbols {
		p.check("symbol_set", ctx, p.find(symbol, name), uint64(value))
	}
	for name, data := range inputs {
		input := p.find(tensor, name)
		if expected := int(p.call("tensor_bytes", ctx, input)); len(data) != expected {
			log.Fatalf("%s: %d bytes, %d expected", name, len(data), expected)
		}
		p.write(p.call("tensor_address", ctx, input), data)
	}
	p.check("begin", ctx, index)
	p.check("run", ctx, index, 0, math.MaxInt32)
	result := p.find(tensor, output)
	address, size := p.call("tensor_address", ctx, result), p.call("tensor_bytes", ctx, result)
	bytes, ok := p.module.Memory().Read(address, size)
	if !ok {
		log.Fatalf("%s: not in memory", output)
	}
	return bytes
}

// metadata is what the file says of the model, in JSON.
func (p *program) metadata() []byte {
	address, size := p.call("metadata_address", uint64(p.model)), p.call("metadata_bytes", uint64(p.model))
	bytes, ok := p.module.Memory().Read(address, size)
	if !ok {
		log.Fatal("metadata: out of bounds")
	}
	return bytes
}

// find gives the index of a symbol, tensor or entry.
func (p *program) find(kind uint64, name string) uint64 {
	p.write(p.names, []byte(name))
	index := p.call("find", uint64(p.model), kind, uint64(p.names), uint64(len(name)))
	if int32(index) < 0 {
		log.Fatalf("the program has no %s %s", []string{"symbol", "tensor", "entry"}[kind], name)
	}
	return uint64(index)
}

func (p *program) call(name string, arguments ...uint64) uint32 {
	results, err := p.module.ExportedFunction(name).Call(context.Background(), arguments...)
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	return uint32(results[0])
}

func (p *program) check(name string, arguments ...uint64) {
	if status := int32(p.call(name, arguments...)); status < 0 {
		log.Fatalf("%s: verdict %d, see wasm/fewbit.h", name, -status)
	}
}

func (p *program) reserve(end uint32) {
	size := p.module.Memory().Size()
	if end <= size {
		return
	}
	if _, ok := p.module.Memory().Grow((end - size + page - 1) / page); !ok {
		log.Fatalf("no memory for %d bytes", end)
	}
}

func (p *program) write(address uint32, data []byte) {
	if !p.module.Memory().Write(address, data) {
		log.Fatalf("%d bytes at %d: not in memory", len(data), address)
	}
}
