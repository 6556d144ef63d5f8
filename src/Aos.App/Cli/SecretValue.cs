using System.Text;

namespace Aos.App.Cli;

/// <summary>Reads the value of a secret from where it leaves no trace: not from the arguments, which every process of the machine can see.</summary>
internal static class SecretValue
{
    /// <summary>More is no secret; the house refuses less than this already.</summary>
    private const int BytesMax = 1024 * 1024;

    internal static async Task<string> ReadAsync(string? file, string name, CancellationToken cancel)
    {
        if (file is null && !Console.IsInputRedirected) return Prompted(name);
        try
        {
            await using var source = file is null or "-" ? Console.OpenStandardInput() : File.OpenRead(file);
            return Text(await BytesAsync(source, cancel));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new PlanFileException($"The value cannot be read from {file ?? "standard input"}: {e.Message}");
        }
    }

    private static async Task<byte[]> BytesAsync(Stream source, CancellationToken cancel)
    {
        var bytes = new byte[BytesMax + 1];
        var length = await source.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancel);
        return length <= BytesMax ? bytes[..length] : throw new IOException($"it is larger than {BytesMax} bytes");
    }

    /// <summary>Editors and echo end a file with a line break that nobody means.</summary>
    private static string Text(byte[] bytes)
    {
        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
    }

    private static string Prompted(string name)
    {
        Console.Error.Write($"Value of {name} (not shown): ");
        var value = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace) value.Length = Math.Max(0, value.Length - 1);
            else if (key.KeyChar != '\0') value.Append(key.KeyChar);
        }

        Console.Error.WriteLine();
        return value.ToString();
    }
}
