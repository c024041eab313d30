package eventstore

import "github.com/google/uuid"

// Lane returns the share of the journal that a stream belongs to, for ever. It is what a stock Java producer would compute
// for the stream's id as key over 64 partitions, so foreign stream processors find a key where we put it.
func Lane(stream uuid.UUID) int {
	var key [36]byte
	encodeUUID(&key, stream)
	return int(murmur2(key[:])&0x7fffffff) % Lanes
}

// encodeUUID writes the 36 lower-case characters without allocating: Lane runs once per appended event.
func encodeUUID(dst *[36]byte, id uuid.UUID) {
	const hex = "0123456789abcdef"
	at := 0
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst[at] = '-'
			at++
		}
		dst[at], dst[at+1] = hex[b>>4], hex[b&15]
		at += 2
	}
}

// murmur2 is the 32-bit hash of Kafka's Java client, seed included.
func murmur2(key []byte) uint32 {
	const m = 0x5bd1e995
	h := uint32(0x9747b28c) ^ uint32(len(key))
	for ; len(key) >= 4; key = key[4:] {
		k := uint32(key[0]) | uint32(key[1])<<8 | uint32(key[2])<<16 | uint32(key[3])<<24
		k *= m
		k ^= k >> 24
		k *= m
		h = h*m ^ k
	}
	for i := len(key) - 1; i >= 0; i-- {
		h ^= uint32(key[i]) << (8 * i)
		if i == 0 {
			h *= m
		}
	}
	h ^= h >> 13
	h *= m
	return h ^ h>>15
}
