// Package policies embeds the check pack.
package policies

import "embed"

// FS holds the pack: checks/<domain>/<name>/<name>.rego, frameworks/<id>.yaml, and lib/.
//
//go:embed checks frameworks lib
var FS embed.FS
