package scan

import (
	"errors"
	"os"
	"strings"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// ResolveSecret reads a secret from where a reference says it is: env:NAME or file:PATH. A value in the reference's place
// is refused, and not repeated in the error.
func ResolveSecret(ref string) (sdk.Secret, error) {
	kind, where, _ := strings.Cut(ref, ":")
	switch kind {
	case "env":
		v, ok := os.LookupEnv(where)
		if !ok || v == "" {
			return sdk.Secret{}, errors.New("the environment variable " + where + " is not set")
		}
		return sdk.NewSecret(v), nil
	case "file":
		data, err := os.ReadFile(where)
		if err != nil {
			return sdk.Secret{}, err
		}
		return sdk.NewSecret(strings.TrimRight(string(data), "\r\n")), nil
	}
	return sdk.Secret{}, errors.New("a secret cannot be given literally")
}
