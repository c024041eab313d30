// Command generate writes the client from the OpenAPI document: what the document names is a method or a type, and nothing else is.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	in := flag.String("in", "", "the OpenAPI 3.1 document")
	out := flag.String("out", "", "the Go file to write")
	flag.Parse()
	if err := run(*in, *out); err != nil {
		fmt.Fprintf(os.Stderr, "generate: %v\n", err)
		os.Exit(1)
	}
}

func run(in, out string) error {
	raw, err := os.ReadFile(in)
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	source, err := Generate(raw)
	if err != nil {
		return err
	}
	return os.WriteFile(out, source, 0o644)
}
