package vault

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"dossier/migrations/dbtest"
)

func newKey(t testing.TB) string {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b[:])
}

func newVault(t testing.TB) (*Vault, *dbtest.DB, string) {
	db, key := dbtest.New(t), newKey(t)
	return reopen(t, db, key), db, key
}

func reopen(t testing.TB, db *dbtest.DB, keys string) *Vault {
	v, err := Open(t.Context(), db.App, keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var nghia = Person{Name: "Đỗ Thị Nghĩa", IDNumber: "079185001234", Phone: "+84 912 345 678", Email: "Nghia@example.vn", Address: "12 Lê Lợi, Huế", Born: "1985"}

func keep(t testing.TB, v *Vault, p Person) uuid.UUID {
	id := uuid.New()
	if err := v.Keep(t.Context(), id, 1, p); err != nil {
		t.Fatal(err)
	}
	return id
}

func write(t testing.TB, v *Vault, dossier uuid.UUID, person *uuid.UUID, text string) Pledge {
	p, err := v.Pledge(t.Context(), dossier, person, uuid.New(), "text", text)
	if err == nil {
		err = v.Redeem(t.Context(), []Pledge{p})
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPersonIsFoundByEachOfItsWordsAndNumbersInAnyForm(t *testing.T) {
	t.Parallel()
	v, _, _ := newVault(t)
	id := keep(t, v, nghia)
	other := keep(t, v, Person{Name: "Đỗ Thị Nghia", IDNumber: "079185009999", Phone: "0988000111"})
	for _, c := range []struct {
		q    Query
		want []uuid.UUID
	}{
		{Query{Name: "nghia"}, []uuid.UUID{id, other}},
		{Query{Name: "NGHĨA"}, []uuid.UUID{id}},
		{Query{Name: "nghi\u0303a đo\u0302\u0303"}, []uuid.UUID{id}}, // NFD
		{Query{Name: "thi  do"}, []uuid.UUID{id, other}},
		{Query{IDNumber: "079 185 001 234"}, []uuid.UUID{id}},
		{Query{Phone: "0912.345.678"}, []uuid.UUID{id}},
		{Query{Phone: "0912345678", Name: "do"}, []uuid.UUID{id}},
		{Query{Email: "NGHIA@EXAMPLE.VN"}, []uuid.UUID{id}},
		{Query{IDNumber: "0912345678"}, nil}, // a phone is no ID number
		{Query{Name: "nghi"}, nil},
		{Query{}, nil},
	} {
		found, more, err := v.Find(t.Context(), c.q)
		if err != nil || more || len(found) != len(c.want) {
			t.Errorf("%+v: %d found, %v, want %d", c.q, len(found), err, len(c.want))
			continue
		}
		for _, k := range found {
			if !contains(c.want, k.ID) || k.ID == id && k.Person != nghia {
				t.Errorf("%+v found %+v", c.q, k)
			}
		}
	}
}

func contains(all []uuid.UUID, id uuid.UUID) bool {
	for _, one := range all {
		if one == id {
			return true
		}
	}
	return false
}

func TestACorrectionIsANewVersionAndFindsByWhatIsRight(t *testing.T) {
	t.Parallel()
	v, _, _ := newVault(t)
	id := keep(t, v, nghia)
	right := nghia
	right.Name = "Đỗ Thị Nghi"
	if err := v.Keep(t.Context(), id, 2, right); err != nil {
		t.Fatal(err)
	}
	if err := v.Keep(t.Context(), id, 1, nghia); err != nil { // a late repeat changes nothing
		t.Fatal(err)
	}
	all, err := v.Persons(t.Context(), []uuid.UUID{id})
	if err != nil || all[id].Person != right || all[id].Version != 2 {
		t.Errorf("%+v, %v", all[id], err)
	}
	if found, _, _ := v.Find(t.Context(), Query{Name: "nghĩa"}); len(found) != 0 {
		t.Errorf("found under the old name: %+v", found)
	}
}

func TestNothingPersonalIsInTheDatabaseInClear(t *testing.T) {
	t.Parallel()
	v, db, _ := newVault(t)
	id := keep(t, v, nghia)
	write(t, v, uuid.New(), &id, "Thiếu trang 3 của giấy chứng nhận")
	for _, table := range []string{"keys", "persons", "tokens", "texts", "erasures"} {
		var all string
		if err := db.Owner.QueryRow(t.Context(), `select coalesce(string_agg(t::text, ' '), '') from vault.`+table+` t`).Scan(&all); err != nil {
			t.Fatal(err)
		}
		for _, personal := range []string{"Nghĩa", "nghia", "079185001234", "912345678", "Thiếu", fmt.Sprintf("%x", "Nghĩa"), fmt.Sprintf("%x", "Thiếu trang 3"), fmt.Sprintf("%x", "079185001234")} {
			if strings.Contains(all, personal) {
				t.Errorf("vault.%s holds %q", table, personal)
			}
		}
	}
}

func TestAnErasedPersonIsGoneWithItsTextsAndNothingElseIs(t *testing.T) {
	t.Parallel()
	v, db, key := newVault(t)
	id, other, dossier, hers := keep(t, v, nghia), keep(t, v, Person{Name: "Trần Văn Bình"}), uuid.New(), uuid.New()
	gone, stays := write(t, v, dossier, &id, "Bà Nghĩa thiếu trang 3"), write(t, v, hers, &other, "Ông Bình đã nộp")
	e, err := v.Erase(t.Context(), id)
	if err != nil || e.Versions != 1 || e.Texts != 1 || len(e.Owners) != 2 {
		t.Fatalf("%+v, %v", e, err)
	}
	for _, v := range []*Vault{v, reopen(t, db, key)} {
		texts, err := v.Texts(t.Context(), dossier, []uuid.UUID{gone.Ref})
		if err != nil || !texts[gone.Ref].Erased || texts[gone.Ref].Words != "" {
			t.Errorf("%+v, %v", texts, err)
		}
		if found, _, err := v.Find(t.Context(), Query{Name: "nghia"}); err != nil || len(found) != 0 {
			t.Errorf("found: %+v, %v", found, err)
		}
		if all, err := v.Persons(t.Context(), []uuid.UUID{id, other}); err != nil || len(all) != 1 || all[other].Name != "Trần Văn Bình" {
			t.Errorf("%+v, %v", all, err)
		}
		if texts, err := v.Texts(t.Context(), hers, []uuid.UUID{stays.Ref}); err != nil || texts[stays.Ref].Words != "Ông Bình đã nộp" || texts[stays.Ref].Commitment != stays.Commitment {
			t.Errorf("%+v, %v", texts, err)
		}
		if err := v.Keep(t.Context(), id, 2, nghia); !errors.Is(err, ErrErased) {
			t.Errorf("the erased person came back: %v", err)
		}
		if _, err := v.Pledge(t.Context(), dossier, &id, uuid.New(), "text", "more"); !errors.Is(err, ErrErased) {
			t.Errorf("words for an erased dossier: %v", err)
		}
		if _, err := v.Pledge(t.Context(), uuid.New(), &id, uuid.New(), "text", "later"); !errors.Is(err, ErrErased) {
			t.Errorf("words for a later dossier of somebody who was erased: %v", err)
		}
	}
	if err := v.Redeem(t.Context(), []Pledge{gone}); !errors.Is(err, ErrErased) { // pledged before, redeemed after
		t.Errorf("redeemed after the erasure: %v", err)
	}
	if again, err := v.Erase(t.Context(), id); err != nil || again.Texts != 0 {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestAVaultOpensWithItsKeysOnlyAndSaysWhichIsMissing(t *testing.T) {
	t.Parallel()
	v, db, old := newVault(t)
	id := keep(t, v, nghia)
	young := newKey(t)
	var wrong *WrongKeyError
	if _, err := Open(t.Context(), db.App, young, nil); !errors.As(err, &wrong) || len(wrong.Missing) != 1 || !strings.Contains(err.Error(), v.keks[0].fingerprint) {
		t.Errorf("opened with another key: %v", err)
	}
	for _, bad := range []string{"", "abc", "c2hvcnQ=", old + ",", "no-such-kms://key"} {
		if _, err := Open(t.Context(), db.App, bad, nil); err == nil || strings.Contains(err.Error(), old) {
			t.Errorf("VAULT_KEY=%q: %v", bad, err)
		}
	}
	both := reopen(t, db, young+","+old)
	if n, err := both.Rotate(t.Context(), nil); err != nil || n != 2 { // the person's and the index'
		t.Errorf("%d wrapped again, %v", n, err)
	}
	if all, err := reopen(t, db, young).Persons(t.Context(), []uuid.UUID{id}); err != nil || all[id].Person != nghia {
		t.Errorf("after the rotation: %+v, %v", all, err)
	}
	if _, err := Open(t.Context(), db.App, old, nil); !errors.As(err, &wrong) {
		t.Errorf("opened with the old key: %v", err)
	}
}

func TestWhatWasAlteredIsUnreadableAndEverythingElseGoesOn(t *testing.T) {
	t.Parallel()
	v, db, _ := newVault(t)
	id, other, dossier := keep(t, v, nghia), keep(t, v, Person{Name: "Trần Văn Bình"}), uuid.New()
	text, fine := write(t, v, dossier, nil, "một"), write(t, v, dossier, nil, "hai")
	for _, sql := range []string{
		`update vault.keys k set wrapped = (select o.wrapped from vault.keys o where o.owner = $2) where k.owner = $1`, // another's key
		`update vault.texts set sealed = (select o.sealed from vault.texts o where o.ref = $2) where ref = $1`,         // another text of the dossier
	} {
		args := []any{id, other}
		if strings.Contains(sql, "texts") {
			args = []any{text.Ref, fine.Ref}
		}
		if _, err := db.Owner.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	all, err := v.Persons(t.Context(), []uuid.UUID{id, other})
	if err != nil || !all[id].Unreadable || all[id].Name != "" || all[other].Unreadable {
		t.Errorf("%+v, %v", all, err)
	}
	texts, err := v.Texts(t.Context(), dossier, []uuid.UUID{text.Ref, fine.Ref})
	if err != nil || !texts[text.Ref].Unreadable || texts[fine.Ref].Words != "hai" {
		t.Errorf("%+v, %v", texts, err)
	}
}

func TestAPledgeIsTheSameForTheSameCommandAndTextAndForNoOther(t *testing.T) {
	t.Parallel()
	v, _, _ := newVault(t)
	seen, dossier, elsewhere := map[string]string{}, uuid.New(), uuid.New()
	commands := []uuid.UUID{uuid.New(), uuid.New()}
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom([]uuid.UUID{dossier, elsewhere}).Draw(t, "dossier")
		command, place, text := rapid.SampledFrom(commands).Draw(t, "command"), rapid.SampledFrom([]string{"text", "note"}).Draw(t, "place"), rapid.String().Draw(t, "text")
		p, err := v.Pledge(context.Background(), d, nil, command, place, text)
		if err == nil {
			err = v.Redeem(context.Background(), []Pledge{p})
		}
		if err != nil {
			t.Fatal(err)
		}
		what := fmt.Sprint(d, command, place, text)
		if was, known := seen[p.Ref.String()]; known && was != what {
			t.Fatalf("%q and %q have one reference", was, what)
		}
		seen[p.Ref.String()] = what
		texts, err := v.Texts(context.Background(), d, []uuid.UUID{p.Ref})
		if got := texts[p.Ref]; err != nil || got.Words != text || got.Commitment != p.Commitment {
			t.Fatalf("%+v, %v", got, err)
		}
	})
}

// A whole register is taken over at once: its persons are found, read and erased as any other, and none of them is kept when one cannot be.
func TestARegisterIsTakenOverWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	v, _, _ := newVault(t)
	list := []Newcomer{{uuid.New(), nghia}, {uuid.New(), Person{Name: "Trần Văn Bình", Phone: "0911 111 111"}}}
	if err := v.Fill(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	if found, _, err := v.Find(t.Context(), Query{Name: "nghia do"}); err != nil || len(found) != 1 || found[0].ID != list[0].ID || found[0].Person != nghia || found[0].Version != 1 {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := v.Erase(t.Context(), list[1].ID); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]uuid.UUID{"erased": list[1].ID, "known": list[0].ID} {
		fresh := Newcomer{uuid.New(), Person{Name: "Lê Thị Cúc"}}
		if err := v.Fill(t.Context(), []Newcomer{fresh, {bad, nghia}}); err == nil {
			t.Errorf("somebody who is %s is taken over", name)
		}
		if all, err := v.Persons(t.Context(), []uuid.UUID{fresh.ID}); err != nil || len(all) != 0 {
			t.Errorf("beside one who is %s: %+v, %v", name, all, err)
		}
	}
}
