package main

import (
	"fmt"
	"go/token"
	"strings"
	"unicode"
)

// written are the words that Go writes in capitals.
var written = map[string]string{"id": "ID", "ids": "IDs", "vi": "VI", "en": "EN", "url": "URL", "sha256": "SHA256", "json": "JSON", "pdf": "PDF", "qr": "QR", "etag": "ETag"}

// camel is a name of the document as an exported name of Go: get-dossier is GetDossier, late_by_seconds LateBySeconds.
func camel(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, word := range words {
		if as, known := written[strings.ToLower(word)]; known {
			words[i] = as
			continue
		}
		words[i] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}

// unexported is a name of Go for an argument.
func unexported(name string) string {
	if strings.ToUpper(name) == name {
		return strings.ToLower(name)
	}
	if name = strings.ToLower(name[:1]) + name[1:]; token.IsKeyword(name) {
		name += "Name"
	}
	return name
}

// typeName is the type of a schema. The bodies of commands are named like their command, in lower case: they are told apart from what they
// leave behind, a transfer from TransferCommand.
func typeName(schema string) string {
	if strings.ToLower(schema[:1]) == schema[:1] {
		return camel(schema) + "Command"
	}
	return camel(schema)
}

func sentence(text string) string {
	text = strings.TrimSuffix(strings.Join(strings.Fields(text), " "), ".")
	if text == "" {
		return "as its name says."
	}
	return text + "."
}

// explained is what a reader is told of a value: what the document says, and which values there are.
func explained(text string, s *schema) string {
	if text != "" {
		text = sentence(text)
	}
	for s != nil && s.Type.name == "array" {
		s = s.Items
	}
	if s == nil || len(s.Enum) == 0 {
		return text
	}
	values := make([]string, len(s.Enum))
	for i, v := range s.Enum {
		values[i] = fmt.Sprint(v)
	}
	return strings.TrimSpace(text + " One of: " + strings.Join(values, ", ") + ".")
}
