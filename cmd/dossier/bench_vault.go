package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"dossier/eventstore/vault"
	"dossier/handlers"
)

// Words of names with how many of a thousand bear them: a family name alone has a good part of the country behind it.
var (
	familyNames = []borne{{"Nguyễn", 385}, {"Trần", 110}, {"Lê", 95}, {"Phạm", 70}, {"Hoàng", 50}, {"Huỳnh", 50}, {"Phan", 45}, {"Vũ", 39}, {"Võ", 39}, {"Đặng", 21}, {"Bùi", 20}, {"Đỗ", 14}, {"Hồ", 13}, {"Ngô", 13}, {"Dương", 10}, {"Lý", 5}, {"Đoàn", 5}, {"Trịnh", 5}, {"Mai", 5}, {"Tô", 3}, {"Quách", 3}}
	middleNames = []borne{{"Văn", 280}, {"Thị", 330}, {"Hữu", 60}, {"Đức", 60}, {"Minh", 60}, {"Ngọc", 60}, {"Thanh", 50}, {"Quang", 50}, {"Xuân", 50}}
	givenNames  = strings.Fields(`An Anh Ánh Bình Bảo Bích Chi Châu Cường Công Diệp Dung Dũng Duy Đạt Đức Giang Hà Hải Hạnh Hằng Hiền Hiếu Hoa Hòa Hoàng Hồng Hùng Huy Huyền Hương Khánh Khoa Kiên Kim Lan Linh Loan Long Lộc Mai Mạnh Minh My Nam
		Nga Ngân Nghĩa Ngọc Nguyên Nhân Nhi Nhung Oanh Phong Phú Phúc Phương Quân Quang Quốc Quỳnh Sơn Tài Tâm Tân Thái Thành Thanh Thảo Thắng Thịnh Thu Thủy Thúy Tiến Toàn Trang Trí Trung Trường Tú Tuấn Tùng Uyên Vân Việt Vinh Yến`)
)

type borne struct {
	word string
	of   int // of a thousand
}

func draw(r *mathrand.Rand, shares []borne) string {
	n := r.IntN(1000)
	for _, s := range shares {
		if n -= s.of; n < 0 {
			return s.word
		}
	}
	return shares[len(shares)-1].word
}

// somebody is the nth person, always the same.
func somebody(n int) vault.Person {
	r := mathrand.New(mathrand.NewPCG(7, uint64(n)))
	return vault.Person{
		Ref: fmt.Sprintf("bench-%d", n), Name: draw(r, familyNames) + " " + draw(r, middleNames) + " " + givenNames[r.IntN(len(givenNames))] + " " + givenNames[r.IntN(len(givenNames))],
		IDNumber: fmt.Sprintf("%012d", 1_000_000_000+n), Phone: fmt.Sprintf("09%08d", n), Address: "12 Trần Phú",
	}
}

// benchVault: people found at the counter among a million, and the names of a page revealed, against the same rows in clear.
func benchVault(ctx context.Context, b *bench) error {
	n := int(b.events)
	if b.quick {
		n = 2_000
	}
	config, err := pgxpool.ParseConfig(b.stack.pg.URL("dossier_app", benchDatabase))
	if err != nil {
		return err
	}
	config.MaxConns = 16
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "off" // for filling; a search writes nothing
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("reach database: %w", err)
	}
	defer pool.Close()
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	v, err := vault.Open(ctx, pool, base64.StdEncoding.EncodeToString(key), nil)
	if err != nil {
		return err
	}
	if err := b.people(ctx, v, n); err != nil {
		return err
	}
	if err := b.peopleInClear(ctx, n); err != nil {
		return err
	}
	if err := b.scale(ctx); err != nil {
		return err
	}
	return b.counter(ctx, v, n)
}

// people registers n of them.
func (b *bench) people(ctx context.Context, v *vault.Vault, n int) error {
	const page = 2000
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(2)
	began := time.Now()
	for from := 0; from < n; from += page {
		g.Go(func() error {
			list := make([]vault.Newcomer, 0, page)
			for i := from; i < min(from+page, n); i++ {
				p := somebody(i)
				list = append(list, vault.Newcomer{ID: handlers.PersonStream(p.Ref), Person: p})
			}
			return v.Fill(within, list)
		})
		if from%100_000 == 0 && from > 0 {
			b.say("%d of %d persons, %.0f/s", from, n, float64(from)/time.Since(began).Seconds())
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	b.report("persons registered", fmt.Sprintf("%d, %s", n, perSecond(float64(n)/time.Since(began).Seconds())))
	_, err := b.stack.admin.Exec(ctx, `vacuum analyze vault.tokens, vault.persons, vault.keys`)
	if err != nil {
		return fmt.Errorf("analyse: %w", err)
	}
	return nil
}

// peopleInClear is the same in a plain table with an index for each thing that is looked for.
func (b *bench) peopleInClear(ctx context.Context, n int) error {
	if _, err := b.stack.admin.Exec(ctx, `
		create table plain_persons (ref text primary key, name text not null, words text[] not null, id_number text not null, phone text not null)`); err != nil {
		return fmt.Errorf("make the baseline: %w", err)
	}
	i := 0
	_, err := b.stack.admin.CopyFrom(ctx, []string{"plain_persons"}, []string{"ref", "name", "words", "id_number", "phone"}, pgx.CopyFromFunc(func() ([]any, error) {
		if i == n {
			return nil, nil
		}
		p := somebody(i)
		i++
		return []any{p.Ref, p.Name, strings.Fields(strings.ToLower(p.Name)), p.IDNumber, p.Phone}, nil
	}))
	if err != nil {
		return fmt.Errorf("fill the baseline: %w", err)
	}
	_, err = b.stack.admin.Exec(ctx, `
		create index on plain_persons using gin (words);
		create index on plain_persons (id_number);
		create index on plain_persons (phone);
		analyze plain_persons`)
	return err
}

// counter looks people up as a counter does.
func (b *bench) counter(ctx context.Context, v *vault.Vault, n int) error {
	const searches = 1000
	r := mathrand.New(mathrand.NewPCG(1, 2))
	times := func(what string, search func(vault.Person) error) (time.Duration, error) {
		var took []time.Duration
		for i := range searches {
			p := somebody(r.IntN(n))
			began := time.Now()
			if err := search(p); err != nil {
				return 0, fmt.Errorf("%s, search %d: %w", what, i, err)
			}
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		return percentile(took, 0.95), nil
	}
	find := func(query func(vault.Person) vault.Query) func(vault.Person) error {
		return func(p vault.Person) error {
			found, more, err := v.Find(ctx, query(p))
			if err == nil && !more && !slices.ContainsFunc(found, func(k vault.Known) bool { return k.Ref == p.Ref }) {
				err = fmt.Errorf("%s was not found", p.Ref)
			}
			return err
		}
	}
	plain := func(sql string, arg func(vault.Person) any) func(vault.Person) error {
		return func(p vault.Person) error {
			rows, err := b.stack.admin.Query(ctx, sql, arg(p))
			if err == nil {
				rows.Close()
				err = rows.Err()
			}
			return err
		}
	}
	for _, s := range []struct {
		what  string
		query func(vault.Person) vault.Query
		sql   string
		arg   func(vault.Person) any
	}{
		{"by full name", func(p vault.Person) vault.Query { return vault.Query{Name: p.Name} },
			`select ref, name from plain_persons where words @> $1 order by ref limit 51`, func(p vault.Person) any { return strings.Fields(strings.ToLower(p.Name)) }},
		{"by two words, without marks", func(p vault.Person) vault.Query { return vault.Query{Name: twoWords(p.Name)} },
			`select ref, name from plain_persons where words @> $1 order by ref limit 51`, func(p vault.Person) any { w := strings.Fields(strings.ToLower(p.Name)); return []string{w[0], w[3]} }},
		{"by family name alone", func(p vault.Person) vault.Query { return vault.Query{Name: strings.Fields(p.Name)[0]} },
			`select ref, name from plain_persons where words @> $1 order by ref limit 51`, func(p vault.Person) any { return strings.Fields(strings.ToLower(p.Name))[:1] }},
		{"by identification number", func(p vault.Person) vault.Query { return vault.Query{IDNumber: p.IDNumber} },
			`select ref, name from plain_persons where id_number = $1`, func(p vault.Person) any { return p.IDNumber }},
		{"by telephone", func(p vault.Person) vault.Query { return vault.Query{Phone: p.Phone} },
			`select ref, name from plain_persons where phone = $1`, func(p vault.Person) any { return p.Phone }},
	} {
		b.say("searching %s", s.what)
		ours, err := times(s.what, find(s.query))
		if err != nil {
			return err
		}
		clear, err := times(s.what, plain(s.sql, s.arg))
		if err != nil {
			return err
		}
		b.within("search "+s.what+", p95", ours, clear, 20*time.Millisecond)
	}
	reveal, err := times("50 names", func(vault.Person) error {
		ids := make([]uuid.UUID, 50)
		for i := range ids {
			ids[i] = handlers.PersonStream(somebody(r.IntN(n)).Ref)
		}
		known, err := v.Persons(ctx, ids)
		if err == nil && len(known) == 0 {
			err = fmt.Errorf("nobody was revealed")
		}
		return err
	})
	if err != nil {
		return err
	}
	clear, err := times("50 names", func(vault.Person) error {
		refs := make([]string, 50)
		for i := range refs {
			refs[i] = somebody(r.IntN(n)).Ref
		}
		return plain(`select ref, name from plain_persons where ref = any ($1)`, func(vault.Person) any { return refs })(vault.Person{})
	})
	if err != nil {
		return err
	}
	b.within("50 names revealed, p95", reveal, clear, 15*time.Millisecond)
	b.note("%d persons; the baseline has the same in clear, indexed for each thing that is looked for. The entry of the access journal is one append more (bench append).", n)
	b.note("bottleneck: by name the walk along the rarest pair of its words, by number the opening of one key; revealing opens fifty keys.")
	return nil
}

// within adds a line for a time that may not be longer than a goal, scaled by the machine; the baseline stands beside it.
func (b *bench) within(what string, ours, baseline, goal time.Duration) {
	goal = time.Duration(float64(goal) * b.f)
	met := ours <= goal
	b.lines = append(b.lines, line{what, ms(ours), ms(baseline), fmt.Sprintf("%.1f", float64(ours)/float64(max(baseline, time.Microsecond))), "≤ " + ms(goal), &met})
}

func twoWords(name string) string {
	w := strings.Fields(name)
	return strings.Map(func(r rune) rune {
		if plain, is := unmarked[r]; is {
			return plain
		}
		return r
	}, w[0]+" "+w[3])
}

// unmarked are the letters of the names above without their marks.
var unmarked = func() map[rune]rune {
	all := map[rune]rune{'đ': 'd', 'Đ': 'D'}
	for plain, marked := range map[rune]string{
		'a': "áàảãạăắằẳẵặâấầẩẫậ", 'e': "éèẻẽẹêếềểễệ", 'i': "íìỉĩị", 'o': "óòỏõọôốồổỗộơớờởỡợ", 'u': "úùủũụưứừửữự", 'y': "ýỳỷỹỵ", 'A': "ÁÀẢÃẠĂẮẰẲẴẶÂẤẦẨẪẬ", 'E': "ÉÈẺẼẸÊẾỀỂỄỆ", 'I': "ÍÌỈĨỊ", 'O': "ÓÒỎÕỌÔỐỒỔỖỘƠỚỜỞỠỢ", 'U': "ÚÙỦŨỤƯỨỪỬỮỰ", 'Y': "ÝỲỶỸỴ",
	} {
		for _, r := range marked {
			all[r] = plain
		}
	}
	return all
}()
