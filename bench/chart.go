package main

import (
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// Charts are plain SVG: horizontal bars, ours dark, and the same figures as text at each bar, so nothing is told by colour alone.
const (
	chartWidth = 760
	labelWidth = 270
	valueWidth = 110
	barHeight  = 20
	barStep    = 27
	headHeight = 34
)

// chartFiles says which groups, by the beginning of their names, share a file.
var chartFiles = []struct{ file, title, prefix string }{
	{"peers-append.svg", "Durable appends, events a second", "append"},
	{"peers-read.svg", "Reading in order, events a second", "read"},
	{"peers-relay.svg", "Backlog to Kafka, events a second", "relay"},
	{"peers-latency.svg", "Commit to Kafka consumer, milliseconds (less is better)", "commit"},
}

func (r *report) draw(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, c := range chartFiles {
		var groups []group
		for _, g := range r.Groups {
			if strings.HasPrefix(g.What, c.prefix) {
				groups = append(groups, g)
			}
		}
		if err := os.WriteFile(filepath.Join(folder, c.file), []byte(chart(c.title, groups)), 0o644); err != nil {
			return fmt.Errorf("write chart: %w", err)
		}
	}
	return nil
}

func chart(title string, groups []group) string {
	height := headHeight + 8
	for _, g := range groups {
		height += headHeight + len(g.Bars)*barStep
	}
	var s, told strings.Builder
	y := headHeight + 8
	for _, g := range groups {
		largest := 0.0
		for _, b := range g.Bars {
			largest = math.Max(largest, b.Value)
		}
		fmt.Fprintf(&s, "<text x=\"16\" y=\"%d\" class=\"head\">%s</text>\n", y+16, html.EscapeString(g.What))
		fmt.Fprintf(&told, "%s:", g.What)
		y += headHeight - 8
		for i, b := range g.Bars {
			width := max(2, (chartWidth-labelWidth-valueWidth)*b.Value/largest)
			class := "peer"
			if i == 0 {
				class = "ours"
			}
			name := b.label()
			fmt.Fprintf(&s, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", labelWidth-8, y+15, html.EscapeString(name))
			fmt.Fprintf(&s, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" class=\"%s\"/>\n", labelWidth, y, width, barHeight, class)
			fmt.Fprintf(&s, "<text x=\"%.1f\" y=\"%d\">%s</text>\n", labelWidth+width+6, y+15, figure(b.Value, g.Unit))
			fmt.Fprintf(&told, " %s %s;", name, figure(b.Value, g.Unit))
			y += barStep
		}
		told.WriteString(" ")
		y += 8
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="t d">
<title id="t">%s</title>
<desc id="d">%s</desc>
<style>text{font:13px system-ui,sans-serif;fill:#1f2933}.title{font-size:16px;font-weight:600}.head{font-weight:600}.ours{fill:#0b5d4e}.peer{fill:#9fb3c8}</style>
<rect width="100%%" height="100%%" fill="#fff"/>
<text x="16" y="26" class="title">%s</text>
%s</svg>
`, chartWidth, height, chartWidth, height, html.EscapeString(title), html.EscapeString(strings.TrimSpace(told.String())), html.EscapeString(title), s.String())
}
