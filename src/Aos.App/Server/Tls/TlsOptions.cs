namespace Aos.App.Server;

/// <summary>Where the server's certificate lies.</summary>
/// <param name="Certificate">A PEM file with the certificate and those that lead to its root, or a PFX file (<c>.pfx</c>, <c>.p12</c>).</param>
/// <param name="Key">The PEM file of its private key; null: it stands in the file of the certificate.</param>
/// <param name="Password">Of the PFX, or of an encrypted key; null: none.</param>
internal sealed record TlsOptions(string Certificate, string? Key, string? Password)
{
    /// <summary>So often the files are looked at; a new certificate holds for the connections that come then.</summary>
    internal TimeSpan LookEvery { get; init; } = TimeSpan.FromSeconds(10);

    internal bool IsPfx => Path.GetExtension(Certificate).ToLowerInvariant() is ".pfx" or ".p12";

    /// <summary>Null: no certificate is named.</summary>
    internal static TlsOptions? Read(Func<string, string?> setting, List<string> problems)
    {
        var (certificate, key, password) = (setting("AOS_TLS_CERTIFICATE"), setting("AOS_TLS_KEY"), setting("AOS_TLS_PASSWORD"));
        if (certificate is null)
        {
            if (key is not null) problems.Add("AOS_TLS_KEY is set and AOS_TLS_CERTIFICATE is not: the server would speak plain HTTP.");
            return null;
        }

        var options = new TlsOptions(certificate, key, password);
        if (options.IsPfx && key is not null) problems.Add("AOS_TLS_KEY is for a PEM certificate; a PFX file holds its key.");
        if (CertificateFile.Problem(options) is { } problem) problems.Add(problem);
        return options;
    }
}
