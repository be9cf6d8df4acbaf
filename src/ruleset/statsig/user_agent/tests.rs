use super::*;

/// `name version` of the operating system and of the browser.
fn told(user_agent: &str) -> (String, String) {
    let field = |field| parse(user_agent, field).unwrap_or_else(|| panic!("{user_agent}"));
    (
        format!("{} {}", field(Field::OsName), field(Field::OsVersion)),
        format!(
            "{} {}",
            field(Field::BrowserName),
            field(Field::BrowserVersion)
        ),
    )
}

#[track_caller]
fn tells(user_agent: &str, os: &str, browser: &str) {
    let (found_os, found_browser) = told(user_agent);
    assert_eq!((&*found_os, &*found_browser), (os, browser), "{user_agent}");
}

#[track_caller]
fn os_of(user_agent: &str, os: &str) {
    assert_eq!(told(user_agent).0, os, "{user_agent}");
}

#[track_caller]
fn browser_of(user_agent: &str, browser: &str) {
    assert_eq!(told(user_agent).1, browser, "{user_agent}");
}

const UNKNOWN: &str = "Other 0.0.0";

#[test]
fn fields_have_their_two_names_each() {
    for (name, field) in [
        ("os_name", Field::OsName),
        ("osname", Field::OsName),
        ("os_version", Field::OsVersion),
        ("osversion", Field::OsVersion),
        ("browser_name", Field::BrowserName),
        ("browsername", Field::BrowserName),
        ("browser_version", Field::BrowserVersion),
        ("browserversion", Field::BrowserVersion),
    ] {
        assert_eq!(Field::named(name), Some(field));
    }
    for name in ["", "osName", "os", "device_model", "browser", "os version"] {
        assert_eq!(Field::named(name), None, "{name}");
    }
}

#[test]
fn a_text_of_more_than_a_thousand_bytes_tells_nothing() {
    let edge = "Chrome/1".to_owned() + &" ".repeat(LONGEST - 8);
    assert_eq!(parse(&edge, Field::BrowserName).as_deref(), Some("Chrome"));
    assert_eq!(parse(&(edge + " "), Field::BrowserName), None);
    // Bytes, not characters.
    assert_eq!(parse(&"é".repeat(501), Field::OsName), None);
    assert!(parse(&"é".repeat(500), Field::OsName).is_some());
}

#[test]
fn what_is_not_recognised_is_other() {
    for text in [
        "",
        " ",
        ";;;",
        "nonsense",
        "curl/8.4.0",
        "()",
        "漢字/1.2",
        "///",
        "Mozilla/5.0",
    ] {
        tells(text, UNKNOWN, UNKNOWN);
    }
}

#[test]
fn usual_browsers_are_told_apart() {
    tells(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
        "Windows 10",
        "Chrome 120.0.0.0",
    );
    tells(
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.6045.105 Safari/537.36",
        "Mac OS X 10.15.7",
        "Chrome 119.0.6045.105",
    );
    tells(
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 13_4) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.5 Safari/605.1.15",
        "Mac OS X 13.4",
        "Safari 16.5",
    );
    tells(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1.2 Mobile/15E148 Safari/604.1",
        "iOS 17.1.2",
        "Mobile Safari 17.1.2",
    );
    tells(
        "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
        "iOS 16.6",
        "Mobile Safari 16.6",
    );
    tells(
        "Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Mobile Safari/537.36",
        "Android 13",
        "Chrome Mobile 118.0.0.0",
    );
    tells(
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/119.0",
        "Ubuntu 0.0.0",
        "Firefox 119.0",
    );
    tells(
        "Mozilla/5.0 (Android 13; Mobile; rv:109.0) Gecko/118.0 Firefox/118.0",
        "Android 13",
        "Firefox Mobile 118.0",
    );
    tells(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.61",
        "Windows 10",
        "Edge 120.0.2210.61",
    );
    tells(
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "Windows 7",
        UNKNOWN,
    );
    tells(
        "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36",
        "Chrome OS 14541.0.0",
        "Chrome 119.0.0.0",
    );
    tells(
        "Opera/9.80 (Windows NT 5.1; U; en) Presto/2.10.289 Version/12.02",
        "Windows XP",
        "Opera 9.80",
    );
}

#[test]
fn windows_goes_by_names_for_its_versions() {
    for (said, version) in [
        ("Windows NT 5.1", "XP"),
        ("Windows NT 5.2;", "XP"),
        ("Windows NT 6.0", "Vista"),
        ("(Windows NT 6.1)", "7"),
        ("Windows NT 6.2", "0.0.0"),
        ("Windows NT 6.3", "8.1"),
        ("Windows NT 10.0", "10"),
        ("Windows NT 10", "0.0.0"),
        ("Windows NT", "0.0.0"),
        ("Windows NT x 10.0", "0.0.0"),
        ("Windows 10.0", "10"),
        ("Windows 98", "0.0.0"),
        ("Windows XP", "0.0.0"),
        ("Windows XP64 10.0", "0.0.0"),
        ("Windows", "0.0.0"),
        ("Windows-Update-Agent/10.0", "0.0.0"),
    ] {
        os_of(said, &format!("Windows {version}"));
    }
    // The name of XP is not a version that a later one could replace, and what follows it is not looked at.
    os_of("Windows XP Android 5", "Windows 0.0.0");
    os_of("Windows NT Android 5", "Android 5");
    tells("Windows Phone 8.1;", "Windows Phone 8.1", UNKNOWN);
    os_of("Windows Phone OS 7.5", UNKNOWN);
}

#[test]
fn apples_systems_have_many_names() {
    os_of("Mac OS X 10_15_7", "Mac OS X 10.15.7");
    os_of("Mac OS 9", "Mac OS X 9");
    os_of("Mac OS X", "Mac OS X 0.0.0");
    os_of("Mac OS", "Mac OS X 0.0.0");
    os_of("like Mac OS X 10_2", UNKNOWN);
    os_of("iOS 12.1", "iOS 12.1");
    os_of("iOS", "iOS 0.0.0");
    os_of("iPadOS 15.2", "iOS 15.2");
    os_of("iPhone OS 9_1", "iOS 9.1");
    os_of("iPhone OS", "iOS 0.0.0");
    os_of("CPU OS 9_1", UNKNOWN);
    os_of("iPad; CPU OS 9_1", "iOS 9.1");
    os_of("iPhone11,8", "iOS 0.0.0");
    os_of("Apple-iPhone7C2/1202.466", "iOS 0.0.0");
    os_of("AppleTV6,2/11.1", "ATV OS X 0.0.0");
    // What follows is not looked at.
    os_of("AppleTV Linux", "ATV OS X 0.0.0");
    os_of("iPad Mac OS X Version/16.1", "iOS 16.1");
    os_of("Version/16.1 Safari/1", UNKNOWN);
}

#[test]
fn words_are_skipped_with_the_version_that_they_carry() {
    // A window moves on by one, by the version, and by what belongs to the name.
    browser_of("like Mac OS Firefox/1 Firefox/2", "Firefox 2");
    browser_of("Mac OS X 10 Firefox/1", "Firefox 1");
    browser_of("Mac OS X Firefox/1 Firefox/2", "Firefox 1");
    browser_of("Mac OS 10 Firefox/1 Firefox/2", "Firefox 2");
    browser_of("Mac OS Firefox/1 Firefox/2", "Firefox 2");
    browser_of("iOS 10 Firefox/1 Firefox/2", "Firefox 2");
    browser_of("iOS Firefox/1 Firefox/2", "Firefox 2");
    browser_of("iPhone OS 10 Firefox/1", "Firefox 1");
    browser_of("iPhone OS Firefox/1", "Firefox 1");
    browser_of("CPU OS Firefox/1", "Firefox 1");
    browser_of("CrOS x86 10 Firefox/1", "Firefox 1");
    browser_of("CrOS 10 Firefox/1", "Firefox 1");
    browser_of("CrOS Firefox/1 Firefox/2", "Firefox 2");
    browser_of("Windows NT 10.0 Firefox/1", "Firefox 1");
    browser_of("Windows NT Firefox/1", "Firefox 1");
    browser_of("Windows XP Firefox/1", "Firefox 1");
    browser_of("Windows Phone 8 Firefox/1", "Firefox 1");
    browser_of("Android 5 Firefox/1", "Firefox 1");
    browser_of("Nintendo 3DS", "NetFront NX 0.0.0");
    browser_of("Yahoo! Slurp", "Yahoo! Slurp 0.0.0");
    browser_of("Red Hat Firefox/1", "Firefox 1");
    browser_of("AppleTV Firefox/1 Firefox/2", "Firefox 2");
}

#[test]
fn the_first_system_with_a_version_is_it() {
    os_of("Android; Windows NT 10.0", "Windows 10");
    os_of("Ubuntu 20.04 Android 5", "Ubuntu 20.04");
    os_of("CrOS x86_64 1.2 Android 5", "Chrome OS 1.2");
    // Without a version the order of the tokens decides, and some names are only hints.
    os_of("CrOS x86_64", UNKNOWN);
    os_of("Linux Ubuntu Android", "Ubuntu 0.0.0");
    os_of("Linux Android Ubuntu", "Android 0.0.0");
    os_of("Linux Red Hat", "Red Hat 0.0.0");
    os_of("CrKey", "Chromecast 0.0.0");
    os_of("X11; Linux", "Linux 0.0.0");
    os_of("X11; linux", "Linux 0.0.0");
    os_of("Linux; Windows NT", "Windows 0.0.0");
    os_of("Windows NT; Mac OS", "Mac OS X 0.0.0");
    os_of("Mac OS 10; iPhone", "Mac OS X 10");
    os_of("Android/4.4", "Android 4.4");
    os_of("AndroidTV/4.4", "Android 0.0.0");
    os_of("Foo/1 CFNetwork/1.2", "iOS 0.0.0");
    os_of("Android 5 OculusBrowser/7.1", "Android 0.0.0");
    os_of("Kindle/3.0", "Kindle 3.0");
    os_of("Android 5 Kindle/3.0", "Android 5");
    os_of("Kindle Android 5", "Kindle 0.0.0");
}

#[test]
fn a_browser_that_says_so_outright_is_the_last_with_a_version() {
    browser_of("MSIE 9.0; Firefox/3", "IE 9.0");
    browser_of("MSIE; Firefox/3", "Firefox 3");
    browser_of("MSIE 9.0; IEMobile/9.1", "IE Mobile 9.1");
    browser_of("IEMobile MSIE 9.0", "IE 9.0");
    browser_of("FxiOS/1.2", "Firefox iOS 1.2");
    browser_of("GSA/1.2 Safari/3", "Google 1.2");
    browser_of("SamsungBrowser/1.2 Chrome/3", "Samsung Internet 1.2");
    browser_of("NX/1.2.3.4", "NetFront NX 1.2.3");
    browser_of("NXX", UNKNOWN);
    for name in ["YisouSpider", "ChatGPT-User", "OAI-SearchBot", "Electron"] {
        browser_of(&format!("{name}/1.2.3.4.5"), &format!("{name} 1.2.3.4"));
        browser_of(name, UNKNOWN);
    }
    browser_of("Kindle/3.0 Firefox/2", "Kindle 3.0");
    browser_of("MSIE 9.0 Kindle", "Kindle 0.0.0");
}

#[test]
fn a_browser_of_ios_that_says_mac_is_on_ios() {
    tells(
        "Mac OS X 10_15 EdgiOS/45.1 Version/2",
        "iOS 0.0.0",
        "Edge Mobile 45.1",
    );
    tells(
        "Mac OS X 10_15 CriOS/118.0",
        "iOS 0.0.0",
        "Chrome Mobile iOS 118.0",
    );
    tells("iPhone OS 9_1 EdgiOS/45", "iOS 9.1", "Edge Mobile 45");
    tells("CriOS", "iOS 0.0.0", "Mobile Safari UI/WKWebView 0.0.0");
    tells("EdgiOS", UNKNOWN, UNKNOWN);
}

#[test]
fn the_first_bot_is_a_browser() {
    browser_of(
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Googlebot 2.1",
    );
    browser_of("AhrefsBot; FooBot/2", "AhrefsBot 0.0.0");
    browser_of("MSIE 9.0 my-crawler", "my-crawler 0.0.0");
    browser_of("my-crawler MSIE 9.0", "IE 9.0");
    browser_of("TheCrawler:3.1", "TheCrawler 3.1");
    browser_of("Better Uptime Bot Mozilla/5.0", "Better Uptime Bot 0.0.0");
    browser_of("Radius Compilance Bot", "Radius Compilance Bot 0.0.0");
    browser_of("Uptime Monitoring Bot", "Uptime Monitoring Bot 0.0.0");
    // These are not the three words: the third is a product.
    browser_of("Uptime Monitoring Bot/1", "Bot 1");
    browser_of("AdsBot-Google-Mobile", "AdsBot-Google 0.0.0");
    browser_of("AdsBot-Google/1", "AdsBot-Google 1");
    // OAI-SearchBot has a rule of its own; without a version it is no browser, and no bot either.
    browser_of("OAI-SearchBot FooBot/2", "FooBot 2");
}

#[test]
fn tokens_of_browsers_are_looked_through_in_order() {
    browser_of("Firefox/1.0 Opera/2", "Firefox 1.0");
    browser_of("Opera/2 Firefox/1.0", "Opera 2");
    browser_of("Mobile Opera/2", "Opera Mobile 2");
    browser_of("OPR/2.3 Mobile/15", "Opera Mobile 2.3");
    browser_of("OPR/2.3.4.5", "Opera 2.3.4");
    browser_of("Edge/12.1", "Edge 12.1");
    browser_of("Edg/12.1 Mobile", "Edge Mobile 12.1");
    browser_of("Silk/3.1 Android 5", "Amazon Silk 3.1");
    browser_of("PlayStation Silk/3.1", "NetFront NX 0.0.0");
    browser_of("Silk/3.1 PlayStation", "NetFront NX 0.0.0");
    browser_of("YaBrowser/1.2.3.4 Chrome/5", "Yandex Browser 1.2.3");
    browser_of("axios/1.2.3", "axios 1.2.3");
    browser_of("HeadlessChrome/1.2 Safari/3", "HeadlessChrome 1.2");
    browser_of("Chrome/1 Opera/2", "Opera 2");
    browser_of("Firefox", "Firefox 0.0.0");
}

#[test]
fn chrome_is_one_of_three_and_the_last_one_counts() {
    browser_of("Chrome/1 Chrome/2", "Chrome 2");
    browser_of("Version/4.0 Chrome/2 Mobile", "Chrome Mobile WebView 2");
    browser_of("Chrome/2 Version", "Chrome Mobile WebView 2");
    browser_of("Chrome/2 Mobile", "Chrome Mobile 2");
    browser_of("Chrome/2 Mobile HuaweiBrowser/3", "Chrome 2");
    browser_of("Chrome Mobile", "Chrome 0.0.0");
    browser_of("Chrome Android 5", "Android 5");
    browser_of("Chrome Android", "Android 0.0.0");
    browser_of("Android 5 Chrome/2", "Chrome 2");
    browser_of("Android 5 Safari/3", "Android 5");
    browser_of("Android 5 Android", "Android 0.0.0");
}

#[test]
fn programs_on_apples_network_library_introduce_themselves_first() {
    browser_of("MyApp/12.3 CFNetwork/1.2 Darwin/20", "MyApp 12.3");
    browser_of("MyApp CFNetwork/1.2", "MyApp 0.0.0");
    browser_of("CFNetwork/1.2 Darwin/20.1", "Darwin 20.1");
    browser_of("CFNetwork/1.2", "Mobile Safari UI/WKWebView 0.0.0");
    browser_of(
        "NetworkingExtension/8 Darwin/20.1 CFNetwork/1",
        "CFNetwork 20.1",
    );
    browser_of("NetworkingExtension/8 CFNetwork/1", "CFNetwork 0.0.0");
    browser_of("iPhone11,8iPhone7 CFNetwork/1", "iPhone 11.8");
    browser_of("iPad CFNetwork/1", "iPad 0.0.0");
    browser_of("MyApp/1 CFNetwork/1 Safari/2", "MyApp 1");
}

#[test]
fn what_is_left_is_safari_or_a_hint() {
    browser_of("Safari/1", "Safari 0.0.0");
    browser_of("Version/3.1 Safari/1", "Safari 3.1");
    browser_of("Version/3.1 Version/4 Mobile Safari/1", "Mobile Safari 4");
    browser_of("Mac OS X Version/3.1 Mobile Safari/1", "Safari 3.1");
    browser_of("iPhone", "Mobile Safari UI/WKWebView 0.0.0");
    browser_of("foo/1.0-crawler", "crawler 0.0.0");
    browser_of("iPhone foo/1.0-crawler", "Mobile Safari UI/WKWebView 0.0.0");
}

#[test]
fn versions_have_up_to_four_parts_and_a_numeric_second() {
    for (said, version) in [
        ("10_15_7", "10.15.7"),
        ("1,2.3_4.5", "1.2.3.4"),
        ("1.", "1"),
        ("1.2b.3b.4b", "1.2.3b.4b"),
        ("1.b.3", "1..3"),
        ("1..3", "1..3"),
        ("1a.2", "1a.2"),
        ("1/2", "1/2"),
        ("v1", "v1"),
    ] {
        browser_of(&format!("Firefox/{said}"), &format!("Firefox {version}"));
    }
}

#[test]
fn words_are_trimmed_and_split_at_the_first_mark() {
    browser_of("(Firefox/1.0)", "Firefox 1.0");
    browser_of("_Firefox_:+1.0+", "Firefox 1.0");
    browser_of("\"Firefox/1.0\",", "Firefox 1.0");
    browser_of("[Firefox/1.0", UNKNOWN);
    browser_of("Firefox/", "Firefox 0.0.0");
    browser_of("Firefox/(", "Firefox 0.0.0");
    browser_of("/Firefox", UNKNOWN);
    browser_of("a;Firefox/1", "Firefox 1");
    // Other white space is no blank.
    browser_of("a\tFirefox/1", UNKNOWN);
    os_of("Android  5", "Android 0.0.0");
    os_of("Android;5", "Android 5");
    os_of("Android ٣", "Android 0.0.0");
}
