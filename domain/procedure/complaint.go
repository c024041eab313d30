package procedure

import (
	"embed"
	"fmt"
	"sync"
)

// A complaint against a decision is a dossier of its own, under a procedure of its own. The two instances come with the program apart from the
// catalogue, and are published when the first complaint is opened. (Law on Complaints 02/2011, Articles 27, 28 and 37.)

// The procedures of the two instances.
const (
	FirstComplaint  = "complaint-first"
	SecondComplaint = "complaint-second"
)

//go:embed complaints/*.json
var complaints embed.FS

// ComplaintFile is the file of an instance that comes with the program.
func ComplaintFile(id string) ([]byte, bool) {
	data, err := complaints.ReadFile("complaints/" + id + ".json")
	return data, err == nil
}

// ComplaintVersion is the version that an instance begins with.
func ComplaintVersion(id string) (Version, bool) {
	v, known := complaintVersions()[id]
	return v, known
}

var complaintVersions = sync.OnceValue(func() map[string]Version {
	all := map[string]Version{}
	for _, id := range []string{FirstComplaint, SecondComplaint} {
		data, _ := ComplaintFile(id)
		t, mistakes := Read(data)
		if len(mistakes) > 0 {
			panic(fmt.Sprintf("read the embedded procedure %s: %v", id, mistakes)) // a broken file is a broken program
		}
		v := t.Wish.Version
		v.Number, v.Decision = 1, t.Wish.Decision
		all[id] = v
	}
	return all
})
