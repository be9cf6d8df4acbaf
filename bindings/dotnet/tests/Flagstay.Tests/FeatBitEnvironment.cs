using System;
using System.Linq;
using System.Net.Http;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Flagstay.Tests;

// The adapter of COMING-FROM-FEATBIT.md; a test compares the two.

/// <summary>Where FeatBit keeps the flags of one environment, and takes its events.</summary>
/// <param name="http">With the time-out that you like.</param>
/// <param name="url">Of the evaluation server, such as http://localhost:5100.</param>
/// <param name="secret">The environment's.</param>
public sealed class FeatBitEnvironment(HttpClient http, Uri url, string secret)
{
    // As many events as the SDKs put into one request.
    private const int Chunk = 50;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Fetches the flags and segments as they are now, and hands them to a client.</summary>
    public async Task UpdateAsync(FlagstayClient client, CancellationToken cancel = default) =>
        client.Update(await CallAsync(HttpMethod.Get, "/api/public/sdk/server/latest-all", null, cancel));

    /// <summary>
    /// Posts what waits at a client. Events that cannot be posted in two attempts are lost; the others wait for the next
    /// time.
    /// </summary>
    public async Task DeliverAsync(FlagstayClient client, CancellationToken cancel = default)
    {
        while (client.DrainEvents(Chunk) is { Count: > 0 } events)
        {
            string body = $"[{string.Join(",", events.Select(one => one.GetRawText()))}]";
            try
            {
                await CallAsync(HttpMethod.Post, "/api/public/insight/track", body, cancel);
            }
            catch (HttpRequestException)
            {
                await Task.Delay(Pause, cancel);
                await CallAsync(HttpMethod.Post, "/api/public/insight/track", body, cancel);
            }
        }
    }

    private async Task<string> CallAsync(HttpMethod method, string path, string? body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, new Uri(url, path));
        request.Headers.TryAddWithoutValidation("Authorization", secret);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }
        using HttpResponseMessage response = await http.SendAsync(request, cancel);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync();
    }
}
