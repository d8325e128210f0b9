package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/tetratelabs/wazero/api"
)

// sample draws a text with an integer language model: ids in, ids out. The arguments are the temperature (0
// takes the likeliest id), the seed, how many ids to write, and the prompt. The program draws by itself, in
// integers (its entry "sample"), so that the same seed writes the same ids on every host. Prints them in one
// line, and ids per second on stderr.
func sample(module api.Module, model []byte, arguments []string) {
	temperature, err := strconv.ParseFloat(arguments[0], 64)
	if err != nil {
		log.Fatal(err)
	}
	seed, count := parse(arguments[1]), parse(arguments[2])
	var unread []int
	for _, argument := range arguments[3:] {
		unread = append(unread, parse(argument))
	}
	p := load(module, model, sizes{"max_tokens": len(unread)})
	// Ids before all texts belong to the network: they count as read.
	var facts struct{ Prefix []int }
	if err := json.Unmarshal(p.metadata(), &facts); err != nil {
		log.Fatal(err)
	}
	past := len(facts.Prefix)
	start := time.Now()
	var ids []int
	for len(ids) < count {
		logits := p.logits(unread, past)
		past += len(unread)
		ids = append(ids, p.draw(logits, temperature, seed, len(ids)))
		unread = ids[len(ids)-1:]
	}
	fmt.Fprintf(os.Stderr, "%.0f ids per second\n", float64(count)/time.Since(start).Seconds())
	fmt.Println(strings.Trim(fmt.Sprint(ids), "[]"))
}

// draw gives an id by its probability; draws counts those drawn before.
func (p *program) draw(logits []byte, temperature float64, seed, draws int) int {
	rate := 0
	if temperature > 0 {
		rate = int(math.Floor(16*math.Log2E*65536/temperature + 0.5))
	}
	allowed := make([]int, (len(logits)/4+31)/32)
	for i := range allowed {
		allowed[i] = -1
	}
	inputs := map[string][]byte{
		"sample.logits": logits,
		"sample.rate":   integers(rate),
		"sample.top_k":  integers(0),     // all
		"sample.top_p":  integers(65536), // all
		"sample.min_p":  integers(0),     // all
		"sample.random": integers(seed, 0, draws, 0),
		"sample.mask":   integers(allowed...),
	}
	id := p.run("sample", inputs, "sample.id", sizes{"draws": 1})
	return int(int32(binary.LittleEndian.Uint32(id)))
}
