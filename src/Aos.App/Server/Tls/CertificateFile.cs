using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Aos.App.Server;

/// <summary>Reads a certificate with its private key and the certificates that lead to its root.</summary>
internal static class CertificateFile
{
    /// <summary>Largest file, bytes.</summary>
    private const int BytesMax = 1024 * 1024;

    /// <summary>What is wrong with the files; null: nothing. No message holds anything of what is in them.</summary>
    internal static string? Problem(TlsOptions options)
    {
        try
        {
            Open(options, Read(options)).TargetCertificate.Dispose();
            return null;
        }
        catch (Exception e) when (IsAbout(e))
        {
            return Told(options, e);
        }
    }

    /// <summary>The files' bytes, one after the other: they are compared to see whether something is new.</summary>
    internal static byte[] Read(TlsOptions options) => options.Key is { } key ? [.. Bytes(options.Certificate), (byte)'\n', .. Bytes(key)] : Bytes(options.Certificate);

    /// <param name="bytes">As <see cref="Read"/> gave them.</param>
    internal static SslStreamCertificateContext Open(TlsOptions options, byte[] bytes)
    {
        var all = options.IsPfx ? X509CertificateLoader.LoadPkcs12Collection(bytes, options.Password) : Pem(options, bytes);
        var own = all.FirstOrDefault(one => one.HasPrivateKey) ?? throw new CryptographicException("No certificate in it has a private key.");
        all.Remove(own);
        return SslStreamCertificateContext.Create(own, all, offline: true);
    }

    internal static bool IsAbout(Exception e) => e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    internal static string Told(TlsOptions options, Exception e) =>
        $"The certificate {options.Certificate}{(options.Key is { } key ? $" with the key {key}" : "")} cannot be used: {(e is ArgumentException ? "there is no certificate or no key of it in it." : e.Message)}";

    private static X509Certificate2Collection Pem(TlsOptions options, byte[] bytes)
    {
        var text = System.Text.Encoding.UTF8.GetString(bytes);
        var all = new X509Certificate2Collection();
        all.ImportFromPem(text);
        if (all.Count == 0) throw new CryptographicException("There is no certificate in it.");
        using var first = options.Password is { } password ? X509Certificate2.CreateFromEncryptedPem(text, text, password) : X509Certificate2.CreateFromPem(text, text);
        // A key that was read from a text lives in memory only, which not every system's TLS takes.
        var own = X509CertificateLoader.LoadPkcs12(first.Export(X509ContentType.Pkcs12), null);
        all[0].Dispose();
        all[0] = own;
        return all;
    }

    private static byte[] Bytes(string file) =>
        new FileInfo(file) is { Exists: true, Length: > BytesMax } ? throw new IOException($"It is larger than {BytesMax} bytes.") : File.ReadAllBytes(file);
}
