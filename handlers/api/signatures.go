package api

import (
	"context"
	"encoding/hex"
	"fmt"

	"dossier/handlers"
	"dossier/handlers/signing"
)

type proveInput struct {
	Body struct {
		SHA256    string `json:"sha256" pattern:"^[0-9a-fA-F]{64}$" example:"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" doc:"Of what was signed, in hexadecimal. The content itself stays with you."`
		Signature string `json:"signature" minLength:"1" maxLength:"65536" doc:"As the signing software wrote it."`
	}
}

// provenSignature is evidence under a name of its own in the document: facts carry another.
type provenSignature signing.Evidence

type proveOutput struct{ Body provenSignature }

// prove holds a signature against a content that is in no dossier.
func (s *server) prove(ctx context.Context, in *proveInput) (*proveOutput, error) {
	sum, err := hex.DecodeString(in.Body.SHA256)
	if err != nil { // its pattern was checked
		return nil, fmt.Errorf("read digest: %w", err)
	}
	e, err := s.Executor.Prove(ctx, handlers.CallOf(ctx).Actor, in.Body.Signature, signing.Digest(sum))
	if err != nil {
		return nil, err
	}
	return &proveOutput{provenSignature(e)}, nil
}
