package snapshot

import (
	"slices"
	"strings"
	"testing"
)

// What a secret's flag or name gives is replaced in lists of arguments, in one argument, and in scripts.
func TestClassifySecrets(t *testing.T) {
	const s = "<named-secret>"
	list := func(args ...string) []string { return args }
	for _, tt := range []struct{ args, want []string }{
		// flags whose names tell, in every form
		{list("--user", "admin:hunter2aa"), list("--user", "admin:"+s)},
		{list("curl", "-u", "admin:hunter2aa", "https://x/"), list("curl", "-u", "admin:"+s, "https://x/")},
		{list("--user=admin:hunter2aa", "-u=a:hunter2"), list("--user=admin:"+s, "-u=a:"+s)},
		{list("redis-server", "--requirepass", "hunter2", "--masterauth", "hunter2"), list("redis-server", "--requirepass", s, "--masterauth", s)},
		{list("--requirepass=hunter2"), list("--requirepass=" + s)},
		{list("keytool", "-storepass", "hunter2", "-keypass", "hunter2"), list("keytool", "-storepass", s, "-keypass", s)},
		{list("--passphrase hunter2"), list("--passphrase " + s)},
		{list("--passphrase", "correct horse; battery"), list("--passphrase", s)},
		{list("--password=correct horse & \"battery"), list("--password=" + s)},
		{list("--password", "/hunter2oo"), list("--password", s)},
		{list("--db-pass", "-hunter2mm"), list("--db-pass", s)},
		{list("--dbPass", "hunter2", "--smtp.pwd=hunter2"), list("--dbPass", s, "--smtp.pwd="+s)},
		{list("--storage-key", "hunter2", "--account-key=hunter2=="), list("--storage-key", s, "--account-key="+s)},
		{list("--from-literal=password=hunter2"), list("--from-literal=password=" + s)},
		{list("-Dspring.datasource.password=hunter2", "-DdbPass=hunter2"), list("-Dspring.datasource.password="+s, "-DdbPass="+s)},
		{list("--password=<correct-horse>", "--token", "<hunter2>"), list("--password="+s, "--token", s)},
		{list("X-Auth-Key: hunter2", "Authorization: ApiKey hunter2"), list("X-Auth-Key: "+s, "Authorization: ApiKey "+s)},
		{list("app", "--url=http://db.local --password=hunter2"), list("app", "--url=http://db.local --password="+s)},
		// short flags, by the program
		{list("redis-cli", "-h", "db", "-a", "hunter2"), list("redis-cli", "-h", "db", "-a", s)},
		{list("/usr/bin/mysql", "-uroot", "-phunter2", "shop"), list("/usr/bin/mysql", "-uroot", "-p"+s, "shop")},
		{list("mongosh", "-p", "hunter2"), list("mongosh", "-p", s)},
		{list("sh", "-c", "sudo mysqldump -h db -u root -phunter2! shop | gzip; tar -pxzf a"), list("sh", "-c", "sudo mysqldump -h db -u root -p"+s+" shop | gzip; tar -pxzf a")},
		{list("sh", "-c", "mysql -p'hunter2 a' shop"), list("sh", "-c", "mysql -p'"+s+"' shop")},
		{list("sh", "-c", "redis-cli -a hunter2 ping && ls -a dir"), list("sh", "-c", "redis-cli -a "+s+" ping && ls -a dir")},
		// scripts
		{list("wget --password hunter2 https://x/"), list("wget --password " + s + " https://x/")},
		{list("wget --password \\\n  'hunter 2' https://x/"), list("wget --password \\\n  '" + s + "' https://x/")},
		{list("export DB_PASS=hunter2; run"), list("export DB_PASS=" + s + "; run")},
		{list("run --opt \"${DB_PASSWORD:-hunter2}\""), list("run --opt \"${DB_PASSWORD:-" + s + "}\"")},
		{list("curl --user admin:hunter2 -H 'X-Auth-Key: hunter2' https://x/"), list("curl --user admin:" + s + " -H 'X-Auth-Key: " + s + "' https://x/")},
		{list("curl -u admin:'hunter 2'  https://x/"), list("curl -u admin:'" + s + "'  https://x/")},
		{list("curl -u \"admin:hunter 2\" https://x/"), list("curl -u \"admin:" + s + "\" https://x/")},
		{list(`curl -H "Authorization: ApiKey hunter2" -H 'Authorization: Digest username="a", response="hunter2"'`), list(`curl -H "Authorization: ApiKey ` + s + `" -H 'Authorization: Digest ` + s + `'`)},
		{list(`psql -c "ALTER USER app PASSWORD 'hunter 2'"`, "CREATE USER a IDENTIFIED BY 'hunter2'"), list(`psql -c "ALTER USER app PASSWORD '`+s+`'"`, "CREATE USER a IDENTIFIED BY '"+s+"'")},
		{list("echo 'requirepass hunter2' >> redis.conf"), list("echo 'requirepass " + s + "' >> redis.conf")},
		// files in scripts, connection strings
		{list("cat <<E\ndb:\n  password: correct horse\n  auth: |\n    hunter2\n    hunter3\n  name: shop\nE"), list("cat <<E\ndb:\n  password: " + s + "\n  auth: |\n    " + s + "\n  name: shop\nE")},
		{list("[db]\npassword = correct horse\nuser = a\n"), list("[db]\npassword = " + s + "\nuser = a\n")},
		{list(`{"password":"correct horse","auth":{"token":1234,"n":2}}`), list(`{"password":"` + s + `","auth":{"token":` + s + `,"n":2}}`)},
		{list(`["mysqldump","--password","hunter2","--user", "a:hunter2"]`), list(`["mysqldump","--password","` + s + `","--user", "a:` + s + `"]`)},
		{list(`{"cmd":"{\"password\":\"hunter2\",\"n\":1}"}`), list(`{"cmd":"{\"password\":\"` + s + `\",\"n\":1}"}`)},
		{list("--db", "Server=db;User Id=sa;Password=hunter2;Encrypt=true"), list("--db", "Server=db;User Id=sa;Password="+s+";Encrypt=true")},
		{list("serve AccountName=shop;AccountKey=aHVudGVyMg==;EndpointSuffix=core.windows.net"), list("serve AccountName=shop;AccountKey=" + s + ";EndpointSuffix=core.windows.net")},
		{list("--token", jwt, "--password", "<jwt>"), list("--token", "<jwt>", "--password", "<jwt>")},
	} {
		got := slices.Clone(tt.args)
		classifyArguments(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q became\n%q, want\n%q", tt.args, got, tt.want)
		}
		again := slices.Clone(got)
		if classifyArguments(again); !slices.Equal(again, got) {
			t.Errorf("a second time, %q became %q", got, again)
		}
	}
	command, args := []string{"redis-cli"}, []string{"-a", "hunter2"}
	if classifyArguments(command, args); args[1] != s {
		t.Errorf("behind the command %q the arguments are %q", command, args)
	}
}

// What is no credential stays, so that checks and readers see what runs.
func TestClassifyNothing(t *testing.T) {
	for _, args := range [][]string{
		{"kube-apiserver", "--authorization-mode=Node,RBAC", "--anonymous-auth=false", "--tls-private-key-file=/etc/kubernetes/pki/apiserver.key", "--service-account-issuer=https://kubernetes.default.svc"},
		{"--enable-bootstrap-token-auth=true", "--token-ttl=30m", "--token-ttl", "30m", "--secret-name", "web-tls", "--password-stdin", "--password-file", "secret.txt"},
		{"--auth-mode", "oidc", "--token", "--verbose", "--auth", "-v", "--token=/var/run/token", "--credentials", "/credentials.json"},
		{"--image=quay.io/shop/token-service:v1.2", "registry.example/auth:2.0", "--upstream=auth:8080", "--upstream", "http://auth.shop.svc:8080/"},
		{"docker", "run", "-u", "1000:1000", "-v", "a:/b", "x"},
		{"mysql", "-u", "root", "-p", "shop", "--port=3306"},
		{"tar", "-pxzf", "a.tgz"},
		{"ls", "-a", "x"},
		{"--user", "app", "-u", "app"},
		{"set -eu\nuntil nc -z auth 8080; do echo \"waiting for the token to be ready\"; done"},
		{"curl -sf http://auth-service:8080/healthz && date -u +%H:%M:%S; python -u main.py"},
		{`if [ "$PASSWORD" = "" ] || [ -z "$TOKEN" ]; then exit 1; fi`},
		{`[ "$AUTH" = basic ]`},
		{"export PGPASSWORD=\"$DB_PASSWORD\" TOKEN=$(cat /var/run/token) X_TOKEN=`cat /x`; psql"},
		{"mysql -p$PASSWORD -h db; mysql -p\"${PASSWORD}\"; curl -u \"$USER:$PASS\" -u app:$(PASS) https://x/"},
		{`: "${DB_PASSWORD:?must be set}" "${TOKEN:-}" "${TOKEN:-$OTHER}"`},
		{"curl -H \"Authorization: Bearer $TOKEN\" -H \"Authorization: Bearer $(cat /var/run/token)\" https://x/"},
		{"openssl rand -base64 32 > /tmp/secret; kubectl create secret generic x --from-file=/y; kubectl get secret x -o jsonpath='{.data.password}'"},
		{"openssl rsa -passin env:PASS -in a"},
		{"token == 'x' && auth != 'y' && has(secret)"},
		{"password::text"},
		{"auth:\n  enabled: true\n  type: basic\n"},
		{`{"auth":{"type":"x"},"token":null,"secretKeyRef":{"name":"a","key":"b"}}`},
		{"--set", "auth.enabled=true,tls.secretName=web"},
	} {
		got := slices.Clone(args)
		if classifyArguments(got); !slices.Equal(got, args) {
			t.Errorf("%q became\n%q", args, got)
		}
	}
}

func TestSecretName(t *testing.T) {
	for names, want := range map[string]bool{
		"PASSWORD DB_PASS DBPASS dbPass DB_PASS2 passwd pwd DB_PWD --storepass -keypass requirepass masterauth API_KEY apiKey X-Api-Key ACCESS_KEY AWS_SECRET_ACCESS_KEY " +
			"AccountKey AZURE_STORAGE_KEY SharedAccessKey token authToken ACCESS_TOKEN --auth-token credentials creds spring.datasource.password Authorization X-Auth-Key " +
			"SECRET_ID privateKey PGPASSWORD MYSQL_PWD DD_APP_KEY": true,
		"MONKEY bypass COMPASS author authenticated keyboard key public-key primaryKey partition_key tokens max-tokens passive --authorization-mode tokenFile TOKEN_TTL secretName " +
			"SECRET_NAMESPACE auth-url AUTH_USER oauth2 oauth --password-stdin SECRETS_DIR credit": false,
	} {
		for name := range strings.FieldsSeq(names) {
			if got := secretName(name); got != want {
				t.Errorf("%s: %v, of the words %q", name, got, nameWords(name))
			}
		}
	}
}
