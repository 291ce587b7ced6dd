import SwiftUI

/// A screen: its heading and all else in one column that scrolls, whatever the size of type, and the buttons below it, which
/// nothing pushes off. VoiceOver begins at the heading.
struct Page<Content: View, Buttons: View>: View {
    let heading: String
    @ViewBuilder let content: Content
    @ViewBuilder let buttons: Buttons
    @AccessibilityFocusState private var isAtHeading: Bool
    @Environment(\.dynamicTypeSize) private var size

    var body: some View {
        ScrollView {
            VStack(alignment: .leading, spacing: 16) {
                Text(heading)
                    .font(.largeTitle.bold())
                    .accessibilityAddTraits(.isHeader)
                    .accessibilityFocused($isAtHeading)
                content
                // At the largest sizes the buttons would leave no room for the text: they scroll with it.
                if size.isAccessibilitySize { stack }
            }
            .frame(maxWidth: .infinity, alignment: .leading)
            .padding()
        }
        .safeAreaInset(edge: .bottom) {
            if !size.isAccessibilitySize { stack.padding().background(.bar) }
        }
        .onAppear { isAtHeading = true }
    }

    private var stack: some View {
        VStack(spacing: 12) { buttons }.controlSize(.large)
    }
}

/// What went wrong: VoiceOver goes there, also when it is the next one of its kind.
struct Problem: View {
    let text: String
    @AccessibilityFocusState private var isHere: Bool

    var body: some View {
        Label(text, systemImage: "exclamationmark.triangle")
            .foregroundStyle(.red)
            .accessibilityFocused($isHere)
            .task(id: text) {
                // After the heading, which takes the focus as the screen appears.
                try? await Task.sleep(for: .milliseconds(500))
                isHere = true
            }
    }
}

/// The button for what is mostly wanted.
struct Main: View {
    let text: LocalizedStringKey
    let action: @MainActor () -> Void

    init(_ text: LocalizedStringKey, action: @escaping @MainActor () -> Void) {
        self.text = text
        self.action = action
    }

    var body: some View {
        Button(action: action) { Text(text).frame(maxWidth: .infinity) }
            .buttonStyle(.borderedProminent)
    }
}

/// Another button.
struct Other: View {
    let text: LocalizedStringKey
    let role: ButtonRole?
    let action: @MainActor () -> Void

    init(_ text: LocalizedStringKey, role: ButtonRole? = nil, action: @escaping @MainActor () -> Void) {
        self.text = text
        self.role = role
        self.action = action
    }

    var body: some View {
        Button(role: role, action: action) { Text(text).frame(maxWidth: .infinity) }
            .buttonStyle(.bordered)
    }
}
