package vault

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// A Pledge is a text on its way into the vault: where it will lie, and what the event will say of it. Nothing is stored yet but the key.
type Pledge struct {
	Ref        uuid.UUID
	Commitment string
	owner      uuid.UUID
	stream     uuid.UUID
	sealed     []byte
}

// Pledge seals a text of a dossier under the dossier's key. The reference follows from the command, the place in it, and the text: the same
// command again means the same row, and another text never takes its place.
func (v *Vault) Pledge(ctx context.Context, dossier uuid.UUID, person *uuid.UUID, command uuid.UUID, place, text string) (Pledge, error) {
	s, err := v.secretOf(ctx, dossier, owned{kind: "dossier", person: person})
	if err != nil {
		return Pledge{}, err
	}
	mac := hmac.New(sha256.New, s.derive("reference"))
	fmt.Fprintf(mac, "%s\x00%s\x00%s", command, place, text)
	p := Pledge{Ref: uuid.NewSHA1(command, mac.Sum(nil)), owner: dossier, stream: dossier}
	p.Commitment = s.commit([]byte(text), textRef(p.Ref))
	if p.sealed, err = s.seal([]byte(text), textRef(p.Ref)); err != nil {
		return Pledge{}, fmt.Errorf("seal a text: %w", err)
	}
	return p, nil
}

func textRef(ref uuid.UUID) string { return "text\x00" + ref.String() }

// Redeem stores what was pledged. It comes before the event that points to it: a text that nothing points to is swept, an event that
// points to nothing could never be mended.
func (v *Vault) Redeem(ctx context.Context, all []Pledge) error {
	if len(all) == 0 {
		return nil
	}
	return pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error {
		if err := lockKey(ctx, tx, all[0].owner); err != nil {
			return err
		}
		for _, p := range all {
			if _, err := tx.Exec(ctx, `insert into vault.texts (ref, owner, stream, sealed) values ($1, $2, $3, $4) on conflict do nothing`, p.Ref, p.owner, p.stream, p.sealed); err != nil {
				return fmt.Errorf("store a text: %w", err)
			}
		}
		return nil
	})
}

// Text is one as the vault has it.
type Text struct {
	Ref        uuid.UUID
	Words      string
	Commitment string // over the words that are there now
	Erased     bool
	Unreadable bool // the key is lost or the row was altered
}

// Texts reads those of a dossier, by reference. What was erased is there without words; what is not there is missing.
func (v *Vault) Texts(ctx context.Context, dossier uuid.UUID, refs []uuid.UUID) (map[uuid.UUID]Text, error) {
	all := map[uuid.UUID]Text{}
	s, err := v.known(ctx, dossier)
	switch {
	case errors.Is(err, ErrErased):
		for _, ref := range refs {
			all[ref] = Text{Ref: ref, Erased: true}
		}
		return all, nil
	case err != nil && !errors.Is(err, ErrUnknown):
		return nil, err
	}
	readable := err == nil
	rows, err := v.pool.Query(ctx, `select t.ref, t.sealed from vault.texts t where t.ref = any ($1) and t.owner = $2`, refs, dossier)
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	var ref uuid.UUID
	var sealed []byte
	_, err = pgx.ForEachRow(rows, []any{&ref, &sealed}, func() error {
		t := Text{Ref: ref}
		words, err := s.open(sealed, textRef(ref))
		if t.Unreadable = !readable || err != nil; !t.Unreadable {
			t.Words, t.Commitment = string(words), s.commit(words, textRef(ref))
		}
		all[ref] = t
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	return all, nil
}
