import type { ErrorDoc } from './error-codes.ts';

/** Of `make demo`, `make test` and the machines that they build. */
export const TOOL_ERRORS = {
  ControlPlaneFailed: {
    meaning: 'kube-apiserver or etcd did not start.',
    retry: 'never',
    hint: 'See the end of its log in the message.',
  },
  DemoFailed: {
    meaning: 'The demo did not come to the state that it shows.',
    retry: 'never',
    hint: 'See what the message lists as missing.',
  },
  KernelMissing: {
    meaning: 'There is no kernel to emulate.',
    retry: 'never',
    hint: 'It is taken from Debian 12 or newer on amd64; apt-get update may help.',
  },
  KubernetesUnavailable: {
    meaning: 'kube-apiserver, etcd and kubectl were neither found nor downloaded nor built.',
    retry: 'never',
    hint: 'Set KUBEBUILDER_ASSETS to a folder that has them.',
  },
  LabFailed: {
    meaning: 'A machine of the demo or of a test could not be made.',
    retry: 'never',
    hint: 'See the message, which is the answer of the failing program.',
  },
  LabInUse: {
    meaning: 'Another run has the network namespaces that this one wants.',
    retry: 'never',
    hint: 'Wait until it has ended.',
  },
  LabNeedsRoot: { meaning: 'Network namespaces need root.', retry: 'never', hint: 'Run it as root.' },
  LinuxToolsMissing: {
    meaning: 'Programs that the demo or the tests need are not installed.',
    retry: 'never',
    hint: 'Install what the message names.',
  },
  QemuMissing: {
    meaning: 'qemu cannot be started.',
    retry: 'never',
    hint: 'Install qemu-system-x86 without recommended packages.',
  },
} as const satisfies Record<string, ErrorDoc>;
