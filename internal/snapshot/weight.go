package snapshot

const (
	// MaxWeight bounds what decoding makes of one answer of an API server, or of one line of a file, in bytes. A page of 500
	// pods has some 20 MiB. An answer is bounded itself, but what is empty in it takes two bytes, and hundreds of times as much
	// when it is decoded.
	MaxWeight = 256 << 20
	// TypedWeight is what an object in a list of JSON takes at most, as the list grows, in bytes: the largest are items and
	// containers.
	TypedWeight = 2 << 10
	// UntypedWeight is what it takes where it is decoded to a map, and what an object that is a field takes at most.
	UntypedWeight = 512
	// ValueWeight is what an entry of a list or a map takes besides its text.
	ValueWeight = 64
	// maxDepth is as deep as decoders of JSON go.
	maxDepth = 10_000
)

// WeightOfJSON is about as much memory as decoding takes, in bytes. It knows no types: any object in a list, or null in place
// of one, may be decoded to the largest, which takes so many bytes. It stops where the weight is more than MaxWeight.
func WeightOfJSON(data []byte, element int64) int64 {
	total := int64(len(data))
	var open []byte // the brackets around a place
	for i := 0; i < len(data) && total <= MaxWeight && len(open) <= maxDepth; i++ {
		listed := len(open) > 0 && open[len(open)-1] == '['
		switch c := data[i]; c {
		case '"':
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
		case '{', 'n':
			if listed {
				total += element
			} else if c == '{' {
				total += UntypedWeight
			}
			if c == '{' {
				open = append(open, c)
			}
		case '[':
			total += ValueWeight
			open = append(open, c)
		case '}', ']':
			open = open[:max(0, len(open)-1)]
		case ',', ':':
			total += ValueWeight
		}
	}
	return total
}
