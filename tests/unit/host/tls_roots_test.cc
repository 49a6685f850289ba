/* SPDX-License-Identifier: MIT */
#include <gtest/gtest.h>

extern "C" {
#include "tls-roots.h"
}
#include "temp-folder.h"

struct Layout {
    const char *system, *file, *variable, *path;
};

class TlsRoots : public ::testing::TestWithParam<Layout> {};

TEST_P(TlsRoots, FindsTheLayoutOf)
{
    TempFolder root;
    const char *variable, *path;
    root.write(std::string(GetParam().file).substr(1), "certificates");
    ASSERT_TRUE(tls_roots_probe(root.path().c_str(), &variable, &path));
    EXPECT_STREQ(variable, GetParam().variable);
    EXPECT_STREQ(path, GetParam().path);
}

INSTANTIATE_TEST_SUITE_P(
    Systems, TlsRoots,
    ::testing::Values(
        Layout{"Debian", "/etc/ssl/certs/ca-certificates.crt", "SSL_CERT_FILE",
               "/etc/ssl/certs/ca-certificates.crt"},
        Layout{"Fedora", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
               "SSL_CERT_FILE", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"},
        Layout{"OlderFedora", "/etc/pki/tls/certs/ca-bundle.crt", "SSL_CERT_FILE",
               "/etc/pki/tls/certs/ca-bundle.crt"},
        Layout{"SUSE", "/var/lib/ca-certificates/ca-bundle.pem", "SSL_CERT_FILE",
               "/var/lib/ca-certificates/ca-bundle.pem"},
        Layout{"Alpine", "/etc/ssl/cert.pem", "SSL_CERT_FILE", "/etc/ssl/cert.pem"},
        Layout{"HashedFolder", "/etc/ssl/certs/4042bcee.0", "SSL_CERT_DIR",
               "/etc/ssl/certs"}),
    [](const auto &info) { return std::string(info.param.system); });

TEST(TlsRootsProbe, FindsNothingOnABareSystem)
{
    TempFolder root;
    const char *variable, *path;
    EXPECT_FALSE(tls_roots_probe(root.path().c_str(), &variable, &path));
}
