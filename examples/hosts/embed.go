package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/tetratelabs/wazero/api"
)

// embed embeds a text with a sentence encoder. The arguments are the ids of the tokenised text, special
// ones included. The encoder gives the sums of the last layer's codes over the tokens; divided by their
// length they are the embedding. Prints the first numbers of the embedding and the SHA-256 of the sums'
// bytes, which is the same on every host.
func embed(module api.Module, model []byte, arguments []string) {
	ids := make([]int, len(arguments))
	for i, argument := range arguments {
		ids[i] = parse(argument)
	}
	inputs := map[string][]byte{
		"ids":     integers(ids...),
		"offsets": integers(0, len(ids)), // one text, from 0 to len(ids)
	}
	p := load(module, model, sizes{"max_tokens": len(ids), "max_sequences": 1})
	sums := p.run("main", inputs, "sums", sizes{"tokens": len(ids), "sequences": 1})
	values := make([]float64, len(sums)/4)
	squares := 0.0
	for i := range values {
		values[i] = float64(int32(binary.LittleEndian.Uint32(sums[4*i:])))
		squares += values[i] * values[i]
	}
	fmt.Print("embedding")
	for _, value := range values[:min(4, len(values))] {
		fmt.Printf(" %.6f", value/math.Max(math.Sqrt(squares), 1))
	}
	fmt.Println(" ...")
	fmt.Printf("sums_i32_sha256 %x\n", sha256.Sum256(sums))
}
