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
		{list("curl", "-uadmin:hunter2", "-sSfuadmin:hunter2", "-sUa:hunter2", "https://x/"), list("curl", "-uadmin:"+s, "-sSfuadmin:"+s, "-sUa:"+s, "https://x/")},
		{list("curl", "-sSu", "admin:hunter2", "-E", "/a.pem:hunter2", "--cert", "a.pem:hunter2"), list("curl", "-sSu", "admin:"+s, "-E", "/a.pem:"+s, "--cert", "a.pem:"+s)},
		{list("sh", "-c", "curl -sfuadmin:hunter2 https://x/ -u'admin:hunter 2' -u\"a:hunter2\" -sku 'a:hunter 2'"), list("sh", "-c", "curl -sfuadmin:"+s+" https://x/ -u'admin:"+s+"' -u\"a:"+s+"\" -sku 'a:"+s+"'")},
		{list("sshpass", "-phunter2", "ssh", "-p", "22", "x"), list("sshpass", "-p"+s, "ssh", "-p", "22", "x")},
		{list("sshpass -p hunter2 ssh -p 22 x; sshpass -p'hunter2' scp -P 22 a b:"), list("sshpass -p " + s + " ssh -p 22 x; sshpass -p'" + s + "' scp -P 22 a b:")},
		{list("docker", "login", "-u", "ada", "-p", "hunter2"), list("docker", "login", "-u", "ada", "-p", s)},
		{list("docker login -u ada -p hunter2 && docker run -p 80:80 x; helm registry login x -p hunter2"), list("docker login -u ada -p " + s + " && docker run -p 80:80 x; helm registry login x -p " + s)},
		{list("mongosh", "-phunter2"), list("mongosh", "-p"+s)},
		{list("unzip", "-Phunter2", "a.zip"), list("unzip", "-P"+s, "a.zip")},
		{list("ldapsearch -whunter2; ssh-keygen -t rsa -N hunter2; snmpwalk -v3 -A hunter2 -X 'hunter 2' x"), list("ldapsearch -w" + s + "; ssh-keygen -t rsa -N " + s + "; snmpwalk -v3 -A " + s + " -X '" + s + "' x")},
		{list("mosquitto_pub", "-u", "a", "-P", "hunter2"), list("mosquitto_pub", "-u", "a", "-P", s)},
		{list("smbclient", "-U", "a%hunter2", "//x/y"), list("smbclient", "-U", "a%"+s, "//x/y")},
		{list("lftp -u a,hunter2 x; smbclient -Ua%hunter2 //x/y; xh -a a:hunter2 x"), list("lftp -u a," + s + " x; smbclient -Ua%" + s + " //x/y; xh -a a:" + s + " x")},
		// words, by the program
		{list("rabbitmqctl", "add_user", "app", "hunter2"), list("rabbitmqctl", "add_user", "app", s)},
		{list("rabbitmqctl -n x change_password app 'hunter 2' && rabbitmqctl list_users"), list("rabbitmqctl -n x change_password app '" + s + "' && rabbitmqctl list_users")},
		{list("htpasswd", "-Bbn", "app", "hunter2"), list("htpasswd", "-Bbn", "app", s)},
		{list("htpasswd -cb /etc/file app hunter2"), list("htpasswd -cb /etc/file app " + s)},
		{list("mc", "alias", "set", "s", "http://x:9000", "minio", "hunter2"), list("mc", "alias", "set", "s", "http://x:9000", "minio", s)},
		{list("until mc --insecure alias set s http://x:9000 minio hunter2; do sleep 1; done; mc config host add s http://x minio hunter2 --api S3v4"), list("until mc --insecure alias set s http://x:9000 minio " + s + "; do sleep 1; done; mc config host add s http://x minio " + s + " --api S3v4")},
		{list("vault login -no-print hunter2"), list("vault login -no-print " + s)},
		{list("redis-cli -h db auth hunter2"), list("redis-cli -h db auth " + s)},
		{list("aws configure set aws_secret_access_key hunter2"), list("aws configure set aws_secret_access_key " + s)},
		{list("neo4j-admin", "dbms", "set-initial-password", "hunter2"), list("neo4j-admin", "dbms", "set-initial-password", s)},
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
		{`-p"8080:80" x`},
		{"app", "-p", "8080"},
		{"mkdir", "-p", "x"},
		{"ssh", "-p", "22", "x"},
		{"docker", "run", "-p", "80:80", "x"},
		{"oc", "process", "-p", "A=b"},
		{"docker run -p 80:80 x; ssh -p 22 x; mkdir -p x; podman run -p 8080:80 --name mysql mysql:8"},
		{"sshpass -e ssh -p 22 x; sshpass -f /x ssh -p 22 x"},
		{"curl", "-sSf", "-u", "app", "-fsSLo", "/x", "https://x/"},
		{"curl -u$USER:$PASS -uapp -su \"$USER:$PASS\" -E /a.pem https://x:8080/"},
		{"rabbitmqctl", "add_user", "app", "$(PASSWORD)"},
		{"rabbitmqctl add_user app $PASSWORD; rabbitmqctl add_user\nrun it now"},
		{"htpasswd -Bin app; htpasswd -nb app \"$PASS\"; mc alias list; mc alias set s http://x $A $B; vault login -method=kubernetes role=app"},
		{"aws configure set region eu-west-1; ssh-keygen -t rsa -N '' -f /x; redis-cli auth"},
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
