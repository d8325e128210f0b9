package main

import (
	"crypto/sha256"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// classify runs an image classifier on a file of height x width x channels bytes, as the model takes
// them. Prints the best class and the SHA-256 of the logits' bytes, which is the same on every host.
func classify(module api.Module, model []byte, arguments []string) {
	inputs := map[string][]byte{"pixels": read(arguments[0])}
	logits := load(module, model, nil).run("main", inputs, "logits", nil)
	fmt.Println("class", largest(logits))
	fmt.Printf("logits_f32_sha256 %x\n", sha256.Sum256(logits))
}
