package eventstore_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The private Postgres of the run outlives the tests.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("dossier/internal/devstack.(*child).run"))
}
