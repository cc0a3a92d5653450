package snapshot

import "strings"

// forms are how programs are given a secret that no name tells, as one writes it: SECRET is the secret, WORD any other word,
// and USER is who goes with it. What is glued to a flag stands so. Flags between words are left out. A program without a form
// ends what is known of the one before it: sshpass runs ssh.
var forms = parseForms(map[string]string{
	"-a SECRET": "redis-cli valkey-cli keydb-cli",
	"-k SECRET": "openssl",
	"-p SECRET": "mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat mongotop sshpass cqlsh cypher-shell rabbitmqadmin useradd usermod",
	"-pSECRET": "mysql mysqladmin mysqlcheck mysqldump mysqlimport mysqlpump mysqlsh mysqlshow mysqlslap mariadb mariadb-admin mariadb-backup mariadb-check " +
		"mariadb-dump mariadb-import mariadb-show xtrabackup sshpass 7z 7za 7zr rar unrar mongo mongosh mongodump mongorestore mongoexport mongoimport",
	"login -p SECRET": "docker podman nerdctl buildah skopeo helm oras crane oc az",
	"-t SECRET":       "influx",
	"-w SECRET":       "ldapsearch ldapadd ldapmodify ldapdelete ldappasswd ldapwhoami ldapcompare",
	"-wSECRET":        "ldapsearch ldapadd ldapmodify ldapdelete ldappasswd ldapwhoami ldapcompare",
	"-A SECRET":       "snmpget snmpset snmpwalk snmpbulkwalk snmptable",
	"-N SECRET":       "ssh-keygen",
	"-P SECRET":       "sqlcmd bcp ipmitool zip unzip mosquitto_pub mosquitto_sub mosquitto_rr ssh-keygen",
	"-PSECRET":        "sqlcmd bcp zip unzip",
	"-X SECRET":       "snmpget snmpset snmpwalk snmpbulkwalk snmptable",

	"-uUSER:SECRET":      "curl",
	"-UUSER:SECRET":      "curl",
	"-u USER:SECRET":     "curl", // it is everybody's, but not among other letters
	"-U USER:SECRET":     "curl",
	"-E USER:SECRET":     "curl",
	"--cert USER:SECRET": "curl",
	"-a USER:SECRET":     "http xh hey",
	"-A USER:SECRET":     "ab",
	"-u USER,SECRET":     "lftp",
	"-U USER%SECRET":     "smbclient rpcclient net",
	"-UUSER%SECRET":      "smbclient rpcclient net",

	"add_user WORD SECRET":                              "rabbitmqctl",
	"change_password WORD SECRET":                       "rabbitmqctl",
	"authenticate_user WORD SECRET":                     "rabbitmqctl",
	"alias WORD WORD WORD WORD SECRET":                  "mc",
	"host WORD WORD WORD WORD SECRET":                   "mc",
	"login SECRET":                                      "vault",
	"auth SECRET":                                       "redis-cli valkey-cli keydb-cli",
	"AUTH SECRET":                                       "redis-cli valkey-cli keydb-cli",
	"set-initial-password SECRET":                       "neo4j-admin",
	"aws_secret_access_key SECRET":                      "aws",
	"aws_session_token SECRET":                          "aws",
	"-b|-bB|-Bb|-bc|-cb WORD WORD SECRET":               "htpasswd",
	"-cbB|-cBb|-bcB|-bBc|-Bbc|-Bcb WORD WORD SECRET":    "htpasswd",
	"-bn|-nb|-bnB|-bBn|-nbB|-nBb|-Bnb|-Bbn WORD SECRET": "htpasswd",

	"": "ssh scp sftp rsync",
})

// switchLetters are the letters of flags that take no value, which others may follow behind one dash.
var switchLetters = map[string]string{"curl": "#01234569afgGiIjJkLlMNnOpqRSsVvZ"}

// form is one of a program.
type form struct {
	word  string // the flag, or the word that the secret comes behind
	skip  int    // the number of words between
	glued bool   // the secret is glued to the flag
	user  byte   // what stands between the user and the secret; 0 where there is no user
}

// words reports whether the secret is found by counting words.
func (f form) words() bool { return f.skip > 0 || f.word[0] != '-' }

// parseForms returns the forms by the program, or by the program and a word behind it that they need.
func parseForms(written map[string]string) map[string][]form {
	m := map[string][]form{}
	for text, programs := range written {
		fields := strings.Fields(text)
		behind := ""
		if len(fields) > 2 && fields[0][0] != '-' && fields[1][0] == '-' {
			behind, fields = " "+fields[0], fields[1:]
		}
		for program := range strings.FieldsSeq(programs) {
			m[program] = append([]form{}, m[program]...) // it is known, if by nothing else
			if len(fields) == 0 {
				continue
			}
			f := form{skip: len(fields) - 2}
			value := fields[len(fields)-1]
			words := fields[0]
			if len(fields) == 1 {
				f.glued, f.skip, words, value = true, 0, words[:2], words[2:]
			}
			if rest, ok := strings.CutPrefix(value, "USER"); ok {
				f.user = rest[0]
			}
			for f.word = range strings.SplitSeq(words, "|") {
				m[program+behind] = append(m[program+behind], f)
			}
		}
	}
	return m
}

// name takes note of a word that may be a program.
func (c *command) name(word string) {
	if c.program != "" {
		if behind := c.program + " " + word; forms[behind] != nil {
			c.program = behind
			return
		}
	}
	if forms[word] != nil {
		c.program = word
	}
}

// form is that which a word begins, with the place in the word where what is glued to it begins: its end, if nothing is.
func (c *command) form(word string) (f form, at int, ok bool) {
	if c.program == "" {
		return form{}, 0, false
	}
	for _, f := range forms[c.program] {
		if !f.glued && word == f.word {
			return f, len(word), true
		}
		if f.words() || len(f.word) > 2 || len(word) < 3 || word[0] != '-' || word[1] == '-' {
			continue
		}
		at := 1
		for at < len(word)-1 && strings.IndexByte(switchLetters[c.program], word[at]) >= 0 {
			at++
		}
		if at++; word[at-1] == f.word[1] && f.glued == (at < len(word)) {
			return f, at, true
		}
	}
	return form{}, 0, false
}

// secretFlag reports whether the value of a flag is a secret.
func (c *command) secretFlag(flag string) bool {
	if secretName(flag) {
		return true
	}
	f, at, ok := c.form(flag)
	return ok && at == len(flag) && !f.words() && f.user == 0
}

// userFlag is what stands between a user and a secret in the value of a flag; 0 is of other flags.
func (c *command) userFlag(flag string) byte {
	if f, at, ok := c.form(flag); ok && at == len(flag) && !f.words() && f.user != 0 {
		return f.user
	}
	if userName(flag) {
		return ':'
	}
	return 0
}

// secret is the place of the secret in a value, -1 if there is none.
func (f form) secret(value string) int {
	if f.user == 0 {
		return 0
	}
	if n := userOf(value, f.user); n > 0 {
		return n
	}
	return -1
}

// place is that of the secret in what begins at or behind a place in a script.
func (f form) place(text string, at int) (from, to int) {
	if f.user != 0 {
		return passwordAt(text[:min(len(text), at+maxHarmless)], at, 0, f.user)
	}
	from, to = valueAt(text, at, 0, false, false)
	return from, unless(text, from, to)
}

// maxFlags bounds the flags that are passed over on the way to a secret.
const maxFlags = 16

// behind is the place of the secret that comes some words behind a place in a script.
func (f form) behind(text string, at int) (from, to int) {
	for skip, flags := f.skip, 0; flags < maxFlags; {
		at = skipBlank(text, at)
		if at == len(text) || strings.IndexByte("\r\n;&|)", text[at]) >= 0 {
			break
		}
		from, to = valueAt(text, at, 0, false, false)
		if to == from && to == at {
			break
		}
		word := text[from:to]
		_, _, named := cutFlag(word)
		switch {
		case isFlag(word):
			flags++
		case skip > 0:
			skip--
		case named:
			return 0, 0
		default:
			return from, unless(text, from, to)
		}
		if at = to; at < len(text) && from > 0 && text[from-1] == text[at] {
			at++ // the end of the quotation
		}
	}
	return 0, 0
}
