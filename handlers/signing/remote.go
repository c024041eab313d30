package signing

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Remote is a signing service of the authority: it keeps the keys, and signs for an account once whoever owns it has agreed there.
//
// It is asked with POST {"account", "digest"} and a bearer token, and answers {"signature"} as Verify reads it.
type Remote struct {
	url, token string
	client     *http.Client
}

// NewRemote returns the service at an address.
func NewRemote(url, token string) *Remote {
	return &Remote{url, token, &http.Client{Timeout: 30 * time.Second}}
}

// Sign asks the service.
func (r *Remote) Sign(ctx context.Context, account string, d Digest) (string, error) {
	body, err := json.Marshal(map[string]string{"account": account, "digest": string(d.payload())})
	if err != nil {
		return "", fmt.Errorf("ask for a signature: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("ask for a signature: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+r.token)
	answer, err := r.client.Do(request)
	if err != nil {
		return "", fmt.Errorf("ask for a signature: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ask for a signature: the service answers %s", answer.Status)
	}
	var made struct {
		Signature string `json:"signature"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, Longest+1024)).Decode(&made); err != nil {
		return "", fmt.Errorf("read a signature: %w", err)
	}
	return made.Signature, nil
}
