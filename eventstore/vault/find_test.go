package vault

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"dossier/migrations/dbtest"
)

// However common the words are, in whatever order they are looked for, whichever program put them in: found is who has all of them, as many as
// a search shows, and more says whether there are others.
func TestLawASearchFindsThoseWhoHaveAllWordsAndNobodyElse(t *testing.T) {
	t.Parallel()
	v, db, _ := newVault(t)
	family, middle, given := []string{"Nguyễn", "Nguyễn", "Nguyễn", "Trần", "Đỗ"}, []string{"Văn", "Thị", "Thị", "Đức"}, []string{"An", "Ân", "Bình", "Nghĩa", "Nghia", "Yến", "Cúc"}
	var list []Newcomer
	for i := range 900 {
		name := family[i%len(family)] + " " + middle[i/3%len(middle)] + " " + given[i/7%len(given)] + " " + given[i/11%len(given)]
		list = append(list, Newcomer{uuid.NewSHA1(uuid.NameSpaceOID, []byte(fmt.Sprint(i))), Person{Name: name, Phone: fmt.Sprintf("09%08d", i/3)}})
	}
	if err := v.Fill(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	fits := func(p Person, q Query) bool {
		have := nameWords(p.Name)
		for _, w := range nameWords(q.Name) {
			if !slices.Contains(have, w) {
				return false
			}
		}
		return containsAll(marked(p.Name), marked(q.Name)) && (q.Phone == "" || phone(p.Phone) == phone(q.Phone))
	}
	words := slices.Concat(family, middle, given, []string{"nguyen", "van", "thi", "an", "binh", "nghia", "nobody"})
	law := func() {
		t.Helper()
		rapid.Check(t, func(t *rapid.T) {
			q := Query{Name: strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 4).Draw(t, "words"), " ")}
			if rapid.IntRange(0, 3).Draw(t, "by telephone too") == 0 {
				q.Phone = list[rapid.IntRange(0, len(list)-1).Draw(t, "whose")].Phone
			}
			want := 0
			for _, n := range list {
				if fits(n.Person, q) {
					want++
				}
			}
			found, more, err := v.Find(context.Background(), q)
			if err != nil || len(found) != min(want, findLimit) || more != (want > findLimit) {
				t.Fatalf("%+v: %d found, more %v, %v; %d fit", q, len(found), more, err, want)
			}
			seen := map[uuid.UUID]bool{}
			for _, k := range found {
				if seen[k.ID] || !fits(k.Person, q) {
					t.Fatalf("%+v found %+v", q, k)
				}
				seen[k.ID] = true
			}
		})
	}
	before(t, db, "person > '80000000-0000-0000-0000-000000000000'")
	law()
	if _, err := db.Owner.Exec(t.Context(), `update vault.persons set sealed = '' where person = $1`, list[0].ID); err != nil {
		t.Fatal(err)
	}
	old := 0
	for _, n := range list[1:] {
		if n.ID[0] >= 0x80 {
			old++
		}
	}
	if n, err := v.Reindex(t.Context()); err != nil || n != old {
		t.Fatalf("%d persons put in anew, %v; %d were in as before", n, err, old)
	}
	list = list[1:]
	law()
}

// before leaves persons in the index as the first program did.
func before(t *testing.T, db *dbtest.DB, which string) {
	t.Helper()
	for _, sql := range []string{`delete from vault.tokens where kind = 6 and ` + which, `update vault.keys set indexed = 1 where kind = 'person' and ` + strings.Replace(which, "person", "owner", 1)} {
		if _, err := db.Owner.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}

// A key that does not open today, for its service is away, may open tomorrow.
func TestWhoCouldNotBeReadIsPutIntoTheIndexOnceItCan(t *testing.T) {
	t.Parallel()
	v, db, _ := newVault(t)
	id := keep(t, v, nghia)
	before(t, db, "true")
	away := *v
	away.keks = nil
	if n, err := away.Reindex(t.Context()); err != nil || n != 0 {
		t.Fatalf("%d, %v", n, err)
	}
	if n, err := v.Reindex(t.Context()); err != nil || n != 1 {
		t.Fatalf("%d, %v", n, err)
	}
	found, _, err := v.Find(t.Context(), Query{Name: "nghia do"})
	if err != nil || len(found) != 1 || found[0].ID != id {
		t.Fatalf("%+v, %v", found, err)
	}
	if n, err := v.Reindex(t.Context()); err != nil || n != 0 {
		t.Fatalf("again: %d, %v", n, err)
	}
}
