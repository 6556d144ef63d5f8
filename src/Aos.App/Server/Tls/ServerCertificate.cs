using System.Diagnostics.Metrics;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Aos.App.Server;

internal static partial class TlsLog
{
    [LoggerMessage(EventId = 1010, Level = LogLevel.Warning, Message = "The server has a new certificate: {Subject}, until {Until:O}.")]
    internal static partial void Renewed(ILogger logger, string subject, DateTime until);

    [LoggerMessage(EventId = 1011, Level = LogLevel.Error, Message = "{Problem} The certificate of before stays.")]
    internal static partial void Broken(ILogger logger, string problem);
}

/// <summary>
/// The certificate that the server shows now. New files hold for connections that come after them; those that are open go on. Files that
/// cannot be read, or do not belong together, change nothing.
/// </summary>
internal sealed class ServerCertificate : IHostedService, IDisposable
{
    private readonly TlsOptions options;
    private readonly TimeProvider clock;
    private readonly ILogger<ServerCertificate> log;
    private readonly Counter<long> reloads;
    private readonly CancellationTokenSource stopping = new();
    private byte[] shown;
    private byte[] refused = [];
    private volatile SslStreamCertificateContext current;
    private volatile string? problem;
    private Task looking = Task.CompletedTask;

    public ServerCertificate(TlsOptions options, IMeterFactory factory, TimeProvider clock, ILogger<ServerCertificate> log)
    {
        (this.options, this.clock, this.log) = (options, clock, log);
        shown = CertificateFile.Read(options);
        current = CertificateFile.Open(options, shown);
        var meter = factory.Create("Aos.Server");
        reloads = meter.CreateCounter<long>("aos_tls_reloads_total", null, "New certificates that the server found, by result (success, error).");
        meter.CreateObservableGauge("aos_tls_certificate_expires_at_seconds", () => new DateTimeOffset(Leaf.NotAfter).ToUnixTimeSeconds(), null, "When the certificate that the server shows ends, in unix seconds.");
    }

    /// <summary>What is wrong with the newest files; null: the server shows them.</summary>
    internal string? Problem => problem;

    internal X509Certificate2 Leaf => current.TargetCertificate;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        looking = LookAsync();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await looking;
    }

    public void Dispose() => stopping.Dispose();

    /// <summary>One connection is shown the certificate with those that lead to its root; one that is only selected would come alone.</summary>
    internal void Show(SslServerAuthenticationOptions tls)
    {
        tls.ServerCertificateSelectionCallback = null;
        tls.ServerCertificateContext = current;
    }

    /// <summary>One look at the files.</summary>
    internal void Look()
    {
        try
        {
            var found = CertificateFile.Read(options);
            if (found.AsSpan().SequenceEqual(shown))
            {
                (refused, problem) = ([], null);
                return;
            }

            if (found.AsSpan().SequenceEqual(refused)) return; // What is wrong with them was told.
            refused = found;
            current = CertificateFile.Open(options, found);
            (shown, problem) = (found, null);
            reloads.Add(1, new KeyValuePair<string, object?>("result", "success"));
            TlsLog.Renewed(log, Leaf.Subject, Leaf.NotAfter.ToUniversalTime());
        }
        catch (Exception e) when (CertificateFile.IsAbout(e))
        {
            Broken(CertificateFile.Told(options, e));
        }
    }

    private void Broken(string told)
    {
        if (problem == told) return;
        problem = told;
        reloads.Add(1, new KeyValuePair<string, object?>("result", "error"));
        TlsLog.Broken(log, told);
    }

    private async Task LookAsync()
    {
        using var timer = new PeriodicTimer(options.LookEvery, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping.Token)) Look();
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }
}
