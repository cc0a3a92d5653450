// Package policies embeds the check pack.
package policies

import "embed"

// FS holds the pack: checks/<domain>/<name>/<name>.rego, frameworks/<id>.yaml, lib/ and managed/.
//
//go:embed checks frameworks lib managed
var FS embed.FS
