package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
)

// transit speaks as the transit engine of a key management service does; its key never leaves it.
type transit struct {
	box   cipher.AEAD
	asked atomic.Int64
	away  atomic.Bool
}

func (k *transit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ Plaintext, Ciphertext, Context string }
	if r.Header.Get("X-Vault-Token") != "hush" || json.NewDecoder(r.Body).Decode(&in) != nil {
		http.Error(w, `{"errors": ["permission denied"]}`, http.StatusForbidden)
		return
	}
	if k.asked.Add(1); k.away.Load() {
		http.Error(w, `{"errors": ["sealed"]}`, http.StatusBadRequest)
		return
	}
	answer := map[string]string{}
	switch r.URL.Path {
	case "/v1/transit/encrypt/dossier":
		plain, _ := base64.StdEncoding.DecodeString(in.Plaintext)
		nonce := make([]byte, 12)
		_, _ = rand.Read(nonce)
		answer["ciphertext"] = "vault:v1:" + base64.StdEncoding.EncodeToString(k.box.Seal(nonce, nonce, plain, []byte(in.Context)))
	case "/v1/transit/decrypt/dossier":
		sealed, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(in.Ciphertext, "vault:v1:"))
		if len(sealed) < 12 {
			http.Error(w, `{"errors": ["invalid ciphertext"]}`, http.StatusBadRequest)
			return
		}
		plain, err := k.box.Open(nil, sealed[:12], sealed[12:], []byte(in.Context))
		if err != nil {
			http.Error(w, `{"errors": ["invalid ciphertext"]}`, http.StatusBadRequest)
			return
		}
		answer["plaintext"] = base64.StdEncoding.EncodeToString(plain)
	default:
		http.NotFound(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": answer})
}

// The key that wraps all others may stay in a key management service: what was kept under a key of our own is wrapped again by it while
// everything goes on, and opens with it alone.
func TestAVaultIsWrappedByAKeyManagementServiceAndRotatedToIt(t *testing.T) {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	service := &transit{box: box}
	server := httptest.NewTLSServer(service)
	t.Cleanup(server.Close)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	uri := "hcvault://" + strings.TrimPrefix(server.URL, "https://") + "/transit/keys/dossier"
	v, db, own := newVault(t)
	id := keep(t, v, nghia)

	if err := (KMS{}).Register(uri); err == nil || !strings.Contains(err.Error(), "KMS_TOKEN") {
		t.Errorf("without a token: %v", err)
	}
	if err := (KMS{Token: "hush", Roots: roots}).Register(uri + "," + own); err != nil {
		t.Fatal(err)
	}
	both := reopen(t, db, uri+","+own)
	if n, err := both.Rotate(t.Context(), nil); err != nil || n != 2 {
		t.Fatalf("%d wrapped again, %v", n, err)
	}
	alone := reopen(t, db, uri)
	if all, err := alone.Persons(t.Context(), []uuid.UUID{id}); err != nil || all[id].Person != nghia {
		t.Errorf("%+v, %v", all, err)
	}
	if found, _, err := alone.Find(t.Context(), Query{Name: "nghia"}); err != nil || len(found) != 1 {
		t.Errorf("%+v, %v", found, err)
	}
	if service.asked.Load() < 4 {
		t.Errorf("the service was asked %d times", service.asked.Load())
	}
	service.away.Store(true)
	if all, err := alone.Persons(t.Context(), []uuid.UUID{id}); err != nil || !all[id].Unreadable {
		t.Errorf("while the service is sealed: %+v, %v", all, err)
	}
	service.away.Store(false)
	if err := alone.Keep(t.Context(), uuid.New(), 1, Person{Name: "Trần Văn Bình"}); err != nil {
		t.Errorf("a new person: %v", err)
	}
}
