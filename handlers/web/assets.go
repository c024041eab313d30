package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var static embed.FS

// assets are the files a page needs, each under a name that holds its hash: cached for ever, never stale.
type assets struct {
	byName map[string]asset  // "site.1f2e3d4c.css"
	hashed map[string]string // "site.css" → "site.1f2e3d4c.css"
}

type asset struct {
	kind        string
	plain, gzip []byte // gzip is nil where it would not pay
}

var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".woff2": "font/woff2",
	".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
}

func loadAssets() *assets {
	a := &assets{byName: map[string]asset{}, hashed: map[string]string{}}
	names, err := fs.Glob(static, "static/*")
	if err != nil {
		panic(err) // the pattern is ours
	}
	var late []string
	for _, n := range names {
		if path.Ext(n) == ".css" { // names the fonts, so it comes after them
			late = append(late, n)
			continue
		}
		a.add(path.Base(n), read(n))
	}
	for _, n := range late {
		a.add(path.Base(n), a.withHashedNames(read(n)))
	}
	return a
}

func read(name string) []byte {
	b, err := static.ReadFile(name)
	if err != nil {
		panic(err) // embedded: it is there
	}
	return b
}

func (a *assets) withHashedNames(css []byte) []byte {
	for plain, hashed := range a.hashed {
		css = bytes.ReplaceAll(css, []byte("url("+plain+")"), []byte("url("+hashed+")"))
	}
	return css
}

func (a *assets) add(name string, body []byte) {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:4]) + ext
	file := asset{kind: kinds[ext], plain: body}
	if ext != ".woff2" {
		file.gzip = compress(body, gzip.BestCompression)
	}
	a.byName[hashed], a.hashed[name] = file, hashed
}

// url is the address of an asset by its plain name.
func (a *assets) url(name string) string { return "/assets/" + a.hashed[name] }

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	file, ok := a.byName[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", file.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	if file.gzip != nil {
		w.Header().Set("Vary", "Accept-Encoding")
	}
	body := file.plain
	if file.gzip != nil && takesGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		body = file.gzip
	}
	_, _ = w.Write(body)
}

func takesGzip(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
}

func compress(body []byte, level int) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, level) // the level is a constant of the package
	_, _ = z.Write(body)
	_ = z.Close()
	return b.Bytes()
}
