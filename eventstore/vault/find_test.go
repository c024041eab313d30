package vault

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// However common the words are, in whatever order they are looked for: found is who has all of them, as many as a search shows, and more says
// whether there are others.
func TestLawASearchFindsThoseWhoHaveAllWordsAndNobodyElse(t *testing.T) {
	t.Parallel()
	v, _, _ := newVault(t)
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
