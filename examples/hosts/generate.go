package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/tetratelabs/wazero/api"
)

// generate continues a text with a language model: ids in, ids out. The first argument is how many ids
// to write, the others are the prompt. Each next id is the one of the largest logit (of equal ones the
// lowest id), so that the ids are the same on every host. Prints them in one line, and ids per second on
// stderr.
func generate(module api.Module, model []byte, arguments []string) {
	count, prompt := parse(arguments[0]), make([]int, len(arguments)-1)
	for i, argument := range arguments[1:] {
		prompt[i] = parse(argument)
	}
	p := load(module, model, sizes{"max_tokens": len(prompt)})
	start := time.Now()
	ids := p.continueIDs(prompt, count)
	fmt.Fprintf(os.Stderr, "%.0f ids per second\n", float64(count)/time.Since(start).Seconds())
	fmt.Println(strings.Trim(fmt.Sprint(ids), "[]"))
}

// continueIDs gives the count ids that follow a prompt.
func (p *program) continueIDs(prompt []int, count int) []int {
	var written []int
	unread, past := prompt, 0
	for len(written) < count {
		written = append(written, largest(p.logits(unread, past)))
		past += len(unread)
		unread = written[len(written)-1:]
	}
	return written
}

// logits reads ids after past others and gives the logits behind the last one, until the next run.
func (p *program) logits(ids []int, past int) []byte {
	inputs := map[string][]byte{
		"ids":     integers(ids...),
		"offsets": integers(0, len(ids)), // one sequence, from 0 to len(ids)
		"slot":    integers(0),           // of the one session
		"past":    integers(past),
		"rows":    integers(len(ids) - 1), // logits after the last id only
	}
	return p.run("main", inputs, "logits", sizes{"tokens": len(ids), "sequences": 1, "rows": 1})
}

// integers are the bytes of an int32 tensor.
func integers(values ...int) []byte {
	var bytes []byte
	for _, value := range values {
		bytes = binary.LittleEndian.AppendUint32(bytes, uint32(int32(value)))
	}
	return bytes
}

func parse(text string) int {
	value, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		log.Fatal(err)
	}
	return int(value)
}
