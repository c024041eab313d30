package vault

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"
)

// Query is by what a person is looked for: everything given must fit. Names fit word by word, with or without marks, in any order.
type Query struct{ Name, IDNumber, TaxCode, Phone, Email string }

// Empty says that nothing was given.
func (q Query) Empty() bool { return len(q.words()) == 0 }

// What a token is of.
const (
	nameToken int16 = iota + 1
	idToken
	taxToken
	phoneToken
	emailToken
	pairToken
)

// word is a text that is looked for, as it is looked for.
type word struct {
	kind int16
	text string
}

// words are all under which a person is found: each word of its name, and each two of them, for a word alone may have half a country behind it.
func words(p Person) (all []word) {
	name := nameWords(p.Name)
	for i, w := range name {
		all = append(all, word{nameToken, w})
		for _, other := range name[i+1:] {
			all = append(all, pair(w, other))
		}
	}
	for _, one := range []word{{idToken, digits(p.IDNumber)}, {taxToken, digits(p.TaxCode)}, {phoneToken, phone(p.Phone)}, {emailToken, strings.ToLower(strings.TrimSpace(p.Email))}} {
		if one.text != "" {
			all = append(all, one)
		}
	}
	return all
}

// pair is two words of a name, the first in the alphabet first.
func pair(first, second string) word { return word{pairToken, first + "\x00" + second} }

// says is each word of a pair, or the word itself.
func (w word) says() (all []word) {
	for part := range strings.SplitSeq(w.text, "\x00") {
		all = append(all, word{w.kind, part})
	}
	if w.kind == pairToken {
		for i := range all {
			all[i].kind = nameToken
		}
	}
	return all
}

func (q Query) words() []word {
	return words(Person{Name: q.Name, IDNumber: q.IDNumber, TaxCode: q.TaxCode, Phone: q.Phone, Email: q.Email})
}

func (v *Vault) token(w word) []byte {
	mac := hmac.New(sha256.New, v.index.derive("index"))
	fmt.Fprintf(mac, "%d\x00%s", w.kind, w.text)
	return mac.Sum(nil)[:16]
}

// Subject is a keyed hash of who somebody is to an issuer of identities: the same as long as the vault lives, and of no use without its keys.
func (v *Vault) Subject(issuer, subject string) []byte {
	mac := hmac.New(sha256.New, v.index.derive("subject"))
	fmt.Fprintf(mac, "%d\x00%s%s", len(issuer), issuer, subject)
	return mac.Sum(nil)
}

func (v *Vault) tokens(p Person) (tokens [][]byte, kinds []int16) {
	for _, w := range words(p) {
		tokens, kinds = append(tokens, v.token(w)), append(kinds, w.kind)
	}
	return tokens, kinds
}

// findLimit is how many persons a search returns at most, findThrough how many it looks through for those that fit, findPage how many at once.
const findLimit, findThrough, findPage = 50, 2000, 60

// Find looks persons up. more says that there are others: the search should be narrowed.
func (v *Vault) Find(ctx context.Context, q Query) (found []Known, more bool, err error) {
	wanted := q.words()
	if len(wanted) == 0 {
		return nil, false, nil
	}
	old, err := v.someBefore(ctx)
	if err != nil {
		return nil, false, err
	}
	if old {
		wanted = slices.DeleteFunc(wanted, func(w word) bool { return w.kind == pairToken })
	}
	sought, err := v.rarestFirst(ctx, wanted)
	if err != nil {
		return nil, false, err
	}
	sought = needed(sought)
	exact, after := marked(q.Name), uuid.Nil
	for looked := 0; looked < findThrough; looked += findPage {
		p, err := v.having(ctx, sought, after)
		if err != nil {
			return nil, false, err
		}
		known, err := v.Persons(ctx, p.ids)
		if err != nil {
			return nil, false, err
		}
		for _, id := range p.ids {
			k, ok := known[id]
			if !ok || k.Unreadable || !containsAll(marked(k.Name), exact) {
				continue
			}
			if len(found) == findLimit {
				return found, true, nil
			}
			found = append(found, k)
		}
		if after = p.last; p.end {
			return found, false, nil
		}
	}
	return found, true, nil
}

// counted is a word, its token and about how many persons have it.
type counted struct {
	word
	token []byte
	n     float64
}

// rarestFirst orders words by how many persons have them. The ids of persons are spread evenly, so how far the two hundredth of a token has
// come tells how many there are, and nobody has to count them.
func (v *Vault) rarestFirst(ctx context.Context, wanted []word) ([]counted, error) {
	sought, tokens := make([]counted, len(wanted)), make([][]byte, len(wanted))
	for i, w := range wanted {
		tokens[i] = v.token(w)
		sought[i] = counted{word: w, token: tokens[i], n: 200}
	}
	rows, err := v.pool.Query(ctx, `
		select w.place - 1, (
		         select t.person
		           from vault.tokens t
		          where t.token = w.token
		          order by t.person
		         offset 199
		          limit 1)
		  from unnest($1::bytea[]) with ordinality as w(token, place)`, tokens)
	if err != nil {
		return nil, fmt.Errorf("look persons up: %w", err)
	}
	var place int
	var at *uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&place, &at}, func() error {
		if at != nil {
			sought[place].n /= (float64(binary.BigEndian.Uint32(at[:4])) + 1) / (1 << 32)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look persons up: %w", err)
	}
	slices.SortStableFunc(sought, func(a, b counted) int { return cmp.Compare(a.n, b.n) })
	return sought, nil
}

// needed are the rarest of these that say all that the others do: who has two words together has either.
func needed(sought []counted) (all []counted) {
	said := map[word]bool{}
	for _, c := range sought {
		says := c.says()
		if slices.ContainsFunc(says, func(w word) bool { return !said[w] }) {
			all = append(all, c)
		}
		for _, w := range says {
			said[w] = true
		}
	}
	return all
}

// hits is a page of persons who have all that is looked for: last is how far was looked, end that there is nobody after it.
type hits struct {
	ids  []uuid.UUID
	last uuid.UUID
	end  bool
}

// having are the next persons after one who have all of these tokens. It walks along the rarest, together with the second where that is not
// much more common, and probes for the others: a family name has a good part of a country behind it, and nobody reads all of them.
func (v *Vault) having(ctx context.Context, sought []counted, after uuid.UUID) (p hits, err error) {
	sql, args, beside := `select t.person from vault.tokens t where t.token = $1 and t.person > $2`, []any{sought[0].token, after}, sought[1:]
	size := findPage
	if len(sought) > 1 && sought[1].n < 10*sought[0].n {
		sql = `select t.person from vault.tokens t join vault.tokens o on o.person = t.person and o.person > $2 where t.token = $1 and t.person > $2 and o.token = $3`
		args, beside = append(args, sought[1].token), sought[2:]
		if len(beside) > 0 {
			size = 10 * findPage // of which the others leave a part
		}
		p.ids, err = v.walk(ctx, `'enable_nestloop', 'enable_hashjoin'`, sql+fmt.Sprintf(` order by t.person limit %d`, size), args)
		if err != nil || len(p.ids) == 0 {
			p.end = true
			return p, err
		}
		p.last, p.end = p.ids[len(p.ids)-1], len(p.ids) < size
		if len(beside) == 0 {
			return p, nil
		}
		sql, args = `select t.person from unnest($1::uuid[]) as t(person) where true`, []any{p.ids}
	}
	for _, one := range beside {
		args = append(args, one.token)
		sql += fmt.Sprintf(` and exists (select from vault.tokens o where o.token = $%d and o.person = t.person)`, len(args))
	}
	joined := p.last != uuid.Nil
	p.ids, err = v.walk(ctx, `'enable_hashjoin', 'enable_mergejoin'`, sql+fmt.Sprintf(` order by t.person limit %d`, size), args)
	if !joined {
		if p.end = len(p.ids) < size; len(p.ids) > 0 {
			p.last = p.ids[len(p.ids)-1]
		}
	}
	return p, err
}

// walk runs one of these queries without the ways of joining that would read all of a common token.
func (v *Vault) walk(ctx context.Context, without, sql string, args []any) (ids []uuid.UUID, err error) {
	b := &pgx.Batch{}
	b.Queue(`select set_config(way, 'off', true) from unnest(array['enable_seqscan', 'enable_bitmapscan', ` + without + `]) as way`)
	b.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	})
	if err := v.pool.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("look persons up: %w", err)
	}
	return ids, nil
}

// nameWords are the words of a name without marks, each once.
func nameWords(name string) []string {
	all := strings.FieldsFunc(plain(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	slices.Sort(all)
	return slices.Compact(all)
}

// plain is a text without letter case and marks: "Đỗ Thị Nghĩa" is "do thi nghia".
func plain(text string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(text)) {
		switch {
		case r == 'đ':
			b.WriteRune('d')
		case !unicode.Is(unicode.Mn, r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// marked are the words of a name that were typed with marks: these must fit as they are.
func marked(name string) (all []string) {
	for _, w := range strings.Fields(norm.NFC.String(strings.ToLower(name))) {
		if plain(w) != w {
			all = append(all, w)
		}
	}
	return all
}

func containsAll(have, want []string) bool {
	return !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(have, w) })
}

func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// phone is a number as it is dialled in the country.
func phone(text string) string {
	d := digits(text)
	if rest, abroad := strings.CutPrefix(d, "84"); abroad && len(d) > 9 {
		return "0" + rest
	}
	return d
}
