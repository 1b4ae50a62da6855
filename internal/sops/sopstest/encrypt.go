// Package sopstest encrypts files for tests, as SOPS's own command does.
package sopstest

import (
	"strings"
	"testing"
	"time"

	identity "filippo.io/age"
	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/cmd/sops/formats"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/keys"
	"github.com/getsops/sops/v3/keyservice"
	"github.com/getsops/sops/v3/version"

	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
)

// Key returns a new key of age.
func Key(t testing.TB) *identity.X25519Identity {
	t.Helper()
	key, err := identity.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Encrypt encrypts a file to recipients of age.
func Encrypt(t testing.TB, format sops.Format, plain []byte, recipients ...string) []byte {
	t.Helper()
	parsed, err := age.MasterKeysFromRecipients(strings.Join(recipients, ","))
	if err != nil {
		t.Fatal(err)
	}
	var all []keys.MasterKey
	for _, key := range parsed {
		all = append(all, key)
	}
	return EncryptTo(t, format, plain, all...)
}

// EncryptTo encrypts a file to keys of any kind, with what the environment says of
// them.
func EncryptTo(t testing.TB, format sops.Format, plain []byte, all ...keys.MasterKey) []byte {
	t.Helper()
	store := common.StoreForFormat(formats.FormatFromString(string(format)), config.NewStoresConfig())
	branches, err := store.LoadPlainFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	tree := upstream.Tree{Branches: branches, Metadata: upstream.Metadata{
		KeyGroups: []upstream.KeyGroup{all}, Version: version.Version, UnencryptedSuffix: upstream.DefaultUnencryptedSuffix, LastModified: time.Now().UTC(),
	}}
	dataKey, errs := tree.GenerateDataKeyWithKeyServices([]keyservice.KeyServiceClient{keyservice.NewLocalClient()})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if err := common.EncryptTree(common.EncryptTreeOpts{DataKey: dataKey, Tree: &tree, Cipher: aes.NewCipher()}); err != nil {
		t.Fatal(err)
	}
	encrypted, err := store.EmitEncryptedFile(tree)
	if err != nil {
		t.Fatal(err)
	}
	return encrypted
}
