package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"unicode/utf8"
)

// unmarshal reads JSON as strictly as the domain reads commands: UTF-8, each member once, nothing after it. 1.0 is a whole number.
func unmarshal(b []byte, into any) error {
	if !utf8.Valid(b) {
		return errors.New("not UTF-8")
	}
	plain, err := plainly(b)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, into)
}

// plainly goes through JSON token by token, refuses a member that stands there twice and writes whole numbers as such.
func plainly(b []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var out bytes.Buffer
	if err := value(d, &out, 0); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the value")
	}
	return out.Bytes(), nil
}

// mostDeep is how deep a body may be nested: more than any that is understood.
const mostDeep = 64

func value(d *json.Decoder, out *bytes.Buffer, deep int) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Delim:
		return within(d, out, t, deep+1)
	case json.Number:
		out.WriteString(whole(string(t)))
		return nil
	default:
		b, err := json.Marshal(t)
		out.Write(b)
		return err
	}
}

// within is what stands in an object or an array, up to its end.
func within(d *json.Decoder, out *bytes.Buffer, opened json.Delim, deep int) error {
	if deep > mostDeep {
		return fmt.Errorf("nested more than %d levels deep", mostDeep)
	}
	seen := map[string]bool{}
	out.WriteByte(byte(opened))
	for n := 0; d.More(); n++ {
		if n > 0 {
			out.WriteByte(',')
		}
		if opened == '{' {
			t, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := t.(string)
			if seen[name] {
				return fmt.Errorf("%.60q stands there twice", name)
			}
			seen[name] = true
			b, _ := json.Marshal(name)
			out.Write(append(b, ':'))
		}
		if err := value(d, out, deep); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	out.WriteByte(byte(opened) + 2) // both closing brackets stand two places after their opening ones
	return nil
}

// whole writes 1.0 and 1e3 as integers, and leaves all else as it is.
func whole(number string) string {
	if !bytes.ContainsAny([]byte(number), ".eE") || len(number) > 40 {
		return number
	}
	f, _, err := big.ParseFloat(number, 10, 200, big.ToNearestEven)
	if err != nil || !f.IsInt() || f.MantExp(nil) > 63 {
		return number
	}
	i, _ := f.Int(nil)
	return i.String()
}
