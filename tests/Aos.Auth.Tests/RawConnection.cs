using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Aos.Auth.Tests;

/// <summary>Bytes to a server and back, as somebody sends them who keeps to no protocol.</summary>
internal sealed class RawConnection : IAsyncDisposable
{
    private readonly TcpClient client = new();
    private NetworkStream stream = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    internal static async Task<RawConnection> OpenAsync(Uri server)
    {
        var connection = new RawConnection();
        await connection.client.ConnectAsync(server.Host, server.Port, Cancel);
        connection.stream = connection.client.GetStream();
        return connection;
    }

    internal Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    internal async Task SendAsync(ReadOnlyMemory<byte> bytes) => await stream.WriteAsync(bytes, Cancel);

    /// <summary>Longer no test waits for an answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>One answer with its body, however long the connection stays open after it; empty when there is none.</summary>
    internal async Task<string> AnswerAsync()
    {
        var text = new StringBuilder();
        var one = new byte[1];
        while (!IsWhole(text.ToString()) && await stream.ReadAsync(one, Cancel).AsTask().WaitAsync(Patience, Cancel) == 1) text.Append((char)one[0]);
        return text.ToString();
    }

    /// <summary>All until the server closes the connection. A reset is an end too: the server did not read what was still sent.</summary>
    internal async Task<string> RestAsync()
    {
        var text = new StringBuilder();
        var some = new byte[4096];
        try
        {
            while (await stream.ReadAsync(some, Cancel).AsTask().WaitAsync(Patience, Cancel) is var count and > 0) text.Append(Encoding.Latin1.GetString(some, 0, count));
        }
        catch (IOException e) when (e.InnerException is SocketException)
        {
            return text.ToString();
        }

        return text.ToString();
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    private static bool IsWhole(string text)
    {
        var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (head < 0) return false;
        var length = Regex.Match(text[..head], "Content-Length: (\\d+)");
        return !length.Success || text.Length - head - 4 >= int.Parse(length.Groups[1].Value, CultureInfo.InvariantCulture);
    }
}
