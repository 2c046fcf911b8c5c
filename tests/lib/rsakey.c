/* SPDX-License-Identifier: MIT */
#include <openssl/pem.h>
#include <stdint.h>

#include "rsakey.h"

/* PKCS #1 in base64. */
static const char text[] =
    "MIIEpAIBAAKCAQEA4OKKpGiAaaJTSvaq2e88fyLFu5r8p6rtdCxHnSdhmImE"
    "+9byy+lNLnxPhv401e60KPyzgJRsQwHZbMW2vZxl28KR5pXPTxEdtkP231Fy"
    "hzZYfqH0GaXLtLPP/LZGsvKf7ffnv5lNiBa8pTaXsydIxvm7fOCL6Q7EhyKF"
    "9Umi9vzReSQ7K7i0EI9ZnevE6nnd/yKHVkb9z+h8o2Ba6XeXRNbxSReeNxrP"
    "hDeSZbHxYPYQwGFHVBAn+NOrwJ38U5DIGXcj1C/N/ip+DPfkahTQ04fZr0RE"
    "ekeARinb5M8amVN8CO0Kwegu3YKmNFrS2SJX3ltvk/nm9AgMKtlfs0mJwwID"
    "AQABAoIBADiK/U0FMXRd6g9pIeAV9OIKfikDeQ83POj+0SrEYheWTCd+DiIT"
    "EOLlQqGwfNxlXksH7qIfr3DRoDdnJuFZ14p/y2tss2kv5oaTZBkWQ3OXyHxe"
    "gB+KvkM7CsqBkhkgQ/HzaQOVqhbTkK8BoPbco8HTvL5TPxpkKinIFmJsF1t+"
    "ENOiokxunQ7/I2VyQc2Sy7hdI/f+hqxDGht0487VWOGX79aiSci8LK0bXa/6"
    "CdgsG2AX/n1J2KEpnImX67ya0XHECoMQ3BE+/UUI8ZVWQf4awM+VzOC9+0zX"
    "Ph7FhQc3UN/WLOzxSOnFgyW4rFVG6fcNFdnR7DmQUxBjLSYvUgECgYEA/vw9"
    "KWmzHUUdYbTegN8Uo3l40VpyNzB8xIXlOCA+dnd4bUGB/eAg0x0C7DBRVD4V"
    "xd8Lv3P3taaTxHNtgPl0Bjn6EfnxaZNZW8EjOxxyPOHR4gDbL4pFLyfnTXKb"
    "T5YW1qvcghm8PhDmrRQekWqTLFiYIroi542YbrbEOVuE44ECgYEA4cejdVOE"
    "Ps49FAVs+ngjHnJCw9rrIxxtBLq4NAj+140xgGqbrcclZv2HsRAQg3+wK17P"
    "wgWQEvJL3uysaARoao1nsCVSoie3dfDhZCIbJYpqspKPipkGoptIwX8qMekp"
    "kQZTuunilR8JNQNXaVQo9K5zVq/FsKQqwBZd1XElf0MCgYEA1bJ2W9fPGk/L"
    "URCxjZXoiR0LyYEgyeokFtwUgBZd4xE7Z22IUUnemK/uvB2+e3jQ7JWDFgBN"
    "8PpbS0Bl3Lqzp2g9kYVE8vNf54sVSLwNbcLgEKYhDFW4p82sh3bufSPPnjhI"
    "xOxmnCmz+ggrmjmUgIz7a9dN23wK7XbVOzDdTYECgYEAvI1nwdTEbVr5AR5i"
    "2223DncnsL7DfegAV2HD8ZjNkp/UhkUBzAezAaabSlB7KgZZzm54nLTelCQL"
    "HpmSha+gr9N1k1IoB0mZ2gIXiPM+roRBBO6Gt52CQAvkn8ueJl5tGzMoe8FV"
    "O2nW25H1zv280lJZ+jwCobkIBrDnHhhG01cCgYBscDLtnm1QYj3QUp4dke3J"
    "onduJo1rA0xIMBjU+jCAA8N8dbc5zPImAbe09WvruN/+BDuCwHI6K+4Fraax"
    "bQgeIeuwRGQOJ0mo3PNclrtX1suruuiHuLIzPQcD1hmdD9CMr7sj4LPqcuab"
    "/i3QVpA8CN8t6ORdLrPb/Fmm/pJhyQ==";

EVP_PKEY *
rsakey_2048(void)
{
	uint8_t der[sizeof(text)];
	const uint8_t *p = der;
	int n = EVP_DecodeBlock(der, (const uint8_t *)text, sizeof(text) - 1);

	return n <= 0 ? NULL : d2i_PrivateKey(EVP_PKEY_RSA, NULL, &p, n);
}
