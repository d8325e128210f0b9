package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log"
	"math"
	"os"
	"time"

	"github.com/tetratelabs/wazero/api"
)

const regionParameter = 1

// train trains a network, one call a step. The arguments are pictures and their labels in MNIST's format, how
// many steps, and, where it is wanted, a file for the parameters. The program's entry train_step counts its
// steps, draws what dropout drops, and updates the parameters by itself. Prints the loss every ten steps, and
// the SHA-256 of the parameters, which is the same on every host.
func train(module api.Module, model []byte, arguments []string) {
	p := load(module, model, sizes{})
	pictures, pixels := readIdx(arguments[0])
	labels, classes := readIdx(arguments[1])
	if pictures != labels || len(classes) != labels || pictures == 0 || len(pixels)%pictures != 0 {
		log.Fatalf("%d labels for %d pictures", labels, pictures)
	}
	batch := int(p.call("tensor_bytes", uint64(p.context), p.find(tensor, "labels"))) / 4
	if pictures < batch {
		log.Fatalf("%d pictures are no batch of %d", pictures, batch)
	}
	size, steps := len(pixels)/pictures, parse(arguments[2])
	start := time.Now()
	for step := range steps {
		first := step % (pictures / batch) * batch
		x := make([]byte, 0, 4*batch*size)
		for _, pixel := range pixels[first*size : (first+batch)*size] {
			x = binary.LittleEndian.AppendUint32(x, math.Float32bits(float32(float64(pixel)/255)))
		}
		var expected []byte
		for _, class := range classes[first : first+batch] {
			expected = binary.LittleEndian.AppendUint32(expected, uint32(class))
		}
		loss := p.run("train_step", map[string][]byte{"x": x, "labels": expected}, "loss", sizes{})
		if step%10 == 9 {
			fmt.Printf("step %d: loss %.4f\n", step+1, math.Float32frombits(binary.LittleEndian.Uint32(loss)))
		}
	}
	fmt.Fprintf(os.Stderr, "%.0f pictures per second\n", float64(steps*batch)/time.Since(start).Seconds())
	weights := p.parameters()
	fmt.Printf("weights_sha256 %x\n", sha256.Sum256(weights))
	if len(arguments) > 3 {
		if err := os.WriteFile(arguments[3], weights, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// parameters are the bytes of all parameters, in the order of the program.
func (p *program) parameters() []byte {
	var all []byte
	for i := range uint64(p.call("tensor_count", uint64(p.model))) {
		if p.call("tensor_region", uint64(p.model), i) != regionParameter {
			continue
		}
		address := p.call("tensor_address", uint64(p.context), i)
		bytes, ok := p.module.Memory().Read(address, p.call("tensor_bytes", uint64(p.context), i))
		if !ok {
			log.Fatalf("tensor %d: not in memory", i)
		}
		all = append(all, bytes...)
	}
	return all
}

// readIdx gives how many items an IDX file of bytes has, and their bytes.
func readIdx(path string) (int, []byte) {
	data := read(path)
	if len(data) < 8 || data[0] != 0 || data[1] != 0 || data[2] != 8 || len(data) < 4+4*int(data[3]) {
		log.Fatalf("%s is no IDX file of bytes", path)
	}
	return int(binary.BigEndian.Uint32(data[4:])), data[4+4*int(data[3]):]
}
