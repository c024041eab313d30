package projections

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestAStampIsGivenAgainForAMomentUnlessSomebodyWaited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var k stamps
		read := int64(0)
		get := func() int64 {
			s, err := k.get(func() (Stamp, error) { read++; return Stamp{Position: read}, nil })
			if err != nil {
				t.Fatal(err)
			}
			return s.Position
		}
		time.Sleep(time.Second)
		if a, b := get(), get(); a != 1 || b != 1 {
			t.Errorf("at once again: %d, then %d", a, b)
		}
		time.Sleep(stampFor)
		if got := get(); got != 2 {
			t.Errorf("a moment later it is still %d", got)
		}
		time.Sleep(time.Millisecond)
		k.renew()
		if got := get(); got != 3 {
			t.Errorf("who waited is told %d", got)
		}
		if _, err := (&stamps{}).get(func() (Stamp, error) { return Stamp{}, errors.New("away") }); err == nil {
			t.Error("a failure is kept for a stamp")
		}
	})
}

func TestADearTotalIsGivenAgainWhileItIsCountedBesideAndAnOrdinaryOneNever(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var k totals
		n, counts := 1, 0
		count := func(took time.Duration) func() (int, error) {
			return func() (int, error) { counts++; time.Sleep(took); return n, nil }
		}
		get := func(list string, took time.Duration) int {
			got, err := k.get(list, count(took), count(took))
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		for want := 1; want <= 3; want++ {
			if n = want; get("cheap", dear/2) != want {
				t.Errorf("a cheap total is not that of now")
			}
		}
		n, counts = 7, 0
		get("dear", 2*dear)
		n = 8
		if got := get("dear", 2*dear); got != 7 || counts != 1 {
			t.Errorf("at once again: %d after %d counts", got, counts)
		}
		time.Sleep(totalFor)
		if got := get("dear", 2*dear); got != 7 {
			t.Errorf("while it is counted beside: %d", got)
		}
		k.counting.Wait()
		if got := get("dear", 2*dear); got != 8 {
			t.Errorf("after that: %d", got)
		}
		k.renew()
		n = 9
		if got := get("dear", 2*dear); got != 9 {
			t.Errorf("who waited is told %d", got)
		}
		n = 10
		time.Sleep(totalMost)
		if got := get("dear", 2*dear); got != 10 {
			t.Errorf("an old one is given: %d", got)
		}
		k.counting.Wait()
	})
}
