using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Aos.App;

/// <summary>
/// Runs the command that prints a secret. There is no shell: the words are the program and its arguments, parted by blanks, or as a JSON
/// list where an argument has a blank in it. What it prints on standard error stays unsaid, since it may hold the secret.
/// </summary>
internal static class SecretCommand
{
    internal static (string? Value, string? Problem) Run(string command, TimeSpan max)
    {
        if (Words(command) is not { Length: > 0 } words) return (null, "it is no command: words, or a JSON list of texts");
        var program = words[0];
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var word in words.AsSpan(1)) start.ArgumentList.Add(word);
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            process.ErrorDataReceived += (_, _) => { }; // Read, so that a program that says much does not stand still.
            process.BeginErrorReadLine();
            return Printed(process, program, max);
        }
        catch (Win32Exception e)
        {
            return (null, $"{program} cannot be started ({e.Message})");
        }
    }

    /// <summary>The program's name, for a person; its arguments may be secret too.</summary>
    internal static string Shown(string command) => Words(command) is [var program, .. var rest] ? program + (rest.Length > 0 ? " ****" : "") : "****";

    private static (string? Value, string? Problem) Printed(Process process, string program, TimeSpan max)
    {
        // The end of the time ends the program, and with it what is read.
        using var late = new CancellationTokenSource(max);
        using var ending = late.Token.Register(() => process.Kill(entireProcessTree: true));
        var value = SecretSettings.Read(process.StandardOutput.BaseStream);
        if (value is null) process.Kill(entireProcessTree: true);
        process.WaitForExit();
        if (late.IsCancellationRequested) return (null, $"{program} did not end within {max.TotalSeconds:0.###} s");
        if (value is null) return (null, $"{program} printed more than {SecretSettings.BytesMax} bytes");
        return process.ExitCode == 0 ? (value, null) : (null, $"{program} ended with {process.ExitCode}");
    }

    private static string[]? Words(string command)
    {
        if (!command.TrimStart().StartsWith('[')) return command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        try
        {
            var list = JsonElement.Parse(command);
            return list.EnumerateArray().All(word => word.ValueKind == JsonValueKind.String) ? [.. list.EnumerateArray().Select(word => word.GetString()!)] : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
