package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// get asks a URL and returns what it said, never waiting longer than five seconds.
func get(ctx context.Context, url string) (status int, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", usageError{fmt.Errorf("read URL: %w", err)}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", fmt.Errorf("ask %s: %w", url, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return 0, "", fmt.Errorf("read answer of %s: %w", url, err)
	}
	return resp.StatusCode, string(b), nil
}
