using System.Globalization;
using System.Text;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>A server that speaks no SMTP, or more of it than anybody reads.</summary>
internal sealed class SmtpException(string message) : IOException(message);

/// <summary>An answer of an SMTP server.</summary>
internal sealed record SmtpReply(int Code, IReadOnlyList<string> Lines)
{
    /// <summary>Its first line, for people.</summary>
    internal string Said => Lines[0].Length > 200 ? Lines[0][..200] + "…" : Lines[0];

    /// <summary>What an answer to EHLO says of an extension; null: it does not have it.</summary>
    internal string? Offer(string extension) =>
        Lines.Skip(1).FirstOrDefault(line => line.Equals(extension, StringComparison.OrdinalIgnoreCase) || line.StartsWith(extension + " ", StringComparison.OrdinalIgnoreCase));
}

/// <summary>
/// Lines of SMTP over a stream. It reads byte by byte and so never beyond an answer: what a stranger slips in behind the answer to STARTTLS
/// is not taken for something that was said under TLS.
/// </summary>
internal sealed class SmtpTalk(Stream stream)
{
    private const int LineBytesMax = 2_000;
    private const int LinesMax = 100;

    internal async Task<SmtpReply> SayAsync(string line, CancellationToken cancel)
    {
        // Whatever built the line, it is one: what follows a line break would be an order of its own.
        Invariant.Holds(!line.AsSpan().ContainsAny('\r', '\n', '\0'), "An order to a mail server is one line.");
        await WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"), cancel);
        return await ReadAsync(cancel);
    }

    internal async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        await stream.WriteAsync(bytes, cancel);
        await stream.FlushAsync(cancel);
    }

    internal async Task<SmtpReply> ReadAsync(CancellationToken cancel)
    {
        var lines = new List<string>();
        var first = 0;
        while (lines.Count < LinesMax)
        {
            var line = await LineAsync(cancel);
            if (line.Length < 3 || !int.TryParse(line.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var code)) throw new SmtpException("what answers there speaks no SMTP");
            if (lines.Count > 0 && code != first) throw new SmtpException("an answer changes its code in the middle");
            first = code;
            lines.Add(line.Length > 4 ? line[4..] : "");
            if (line.Length == 3 || line[3] != '-') return new SmtpReply(code, lines);
        }

        throw new SmtpException($"an answer has more than {LinesMax} lines");
    }

    private async Task<string> LineAsync(CancellationToken cancel)
    {
        var bytes = new List<byte>();
        var one = new byte[1];
        while (bytes.Count < LineBytesMax)
        {
            if (await stream.ReadAsync(one, cancel) == 0) throw new SmtpException("the connection was closed in the middle");
            if (one[0] == '\n') return Encoding.UTF8.GetString([.. bytes]).TrimEnd();
            bytes.Add(one[0] is < (byte)' ' or 127 ? (byte)' ' : one[0]); // What it says is shown on terminals.
        }

        throw new SmtpException($"a line has more than {LineBytesMax} bytes");
    }
}
