package vault

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestAListOfErasuresOutlivesALineThatWasCutShortAndRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "erasures.jsonl")
	l, err := OpenList("file://" + path)
	if err != nil {
		t.Fatal(err)
	}
	one := Listed{uuid.New(), "12-QD-SNN", "data-subject-request", 2, time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)}
	two := one
	two.Person = uuid.New()
	read := func() (all []Listed, err error) {
		err = l.Each(func(e Listed) error { all = append(all, e); return nil })
		return all, err
	}
	if err := l.Add(one); err != nil {
		t.Fatal(err)
	}
	whole, _ := os.ReadFile(path)
	for cut := 1; cut < len(whole); cut += 7 { // a crash in the middle of the next line
		if err := os.WriteFile(path, append(append([]byte{}, whole...), whole[:cut]...), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := l.Add(two); err != nil {
			t.Fatal(err)
		}
		if all, err := read(); err != nil || len(all) != 2 && len(all) != 3 || all[0] != one || all[len(all)-1] != two {
			t.Fatalf("cut after %d: %+v, %v", cut, all, err)
		}
	}
	if err := os.WriteFile(path, append(append([]byte{}, whole...), "}nonsense\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := read(); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("nonsense is read: %v", err)
	}
	for _, bad := range []string{"", "/tmp/x", "s3://a/b", "file://host/x", "file:///no/such/folder/list"} {
		if _, err := OpenList(bad); err == nil {
			t.Errorf("%q is opened", bad)
		}
	}
}
