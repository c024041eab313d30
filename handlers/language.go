package handlers

import (
	"net/http"
	"strconv"
	"strings"
)

// Language returns "vi" or "en", whichever the reader prefers. Vietnamese is the language of the house.
func Language(r *http.Request) string { return Prefers(r.Header.Get("Accept-Language")) }

// Prefers reads an Accept-Language header.
func Prefers(accept string) string {
	best := map[string]float64{}
	for part := range strings.SplitSeq(accept, ",") {
		tag, weight := quality(part)
		tag, _, _ = strings.Cut(tag, "-")
		best[tag] = max(best[tag], weight)
	}
	if best["en"] > max(best["vi"], best["*"]) {
		return "en"
	}
	return "vi"
}

func quality(part string) (tag string, weight float64) {
	tag, rest, _ := strings.Cut(strings.ToLower(strings.TrimSpace(part)), ";")
	weight = 1
	if q, ok := strings.CutPrefix(strings.TrimSpace(rest), "q="); ok {
		weight, _ = strconv.ParseFloat(q, 64)
	}
	return strings.TrimSpace(tag), weight
}
